// Writes docs/metrics.md, with every metric of the daemon, below the folder given.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Metric, metricSections } from '../../src/daemon/metrics/table.ts'
import { sampleName } from '../../src/daemon/metrics/open-metrics.ts'

const [root = '.'] = process.argv.slice(2)

const row = (metric: Metric): string => {
  const labels = metric.labels.map((label) => `\`${label}\``).join(' ')
  return `| \`${sampleName(metric)}\` | ${metric.type} | ${labels} | ${metric.help} |`
}

const tables = metricSections.map(
  ({ title, metrics }) => `### ${title}

| name | type | labels | is |
| --- | --- | --- | --- |
${metrics.map(row).join('\n')}`,
)

const text = `# Metrics

\`GET /metrics\` on either socket gives what the daemon knows in the text format of OpenMetrics, which Prometheus and those who
work like it read. For a look without one: \`tetrarch top\`; \`GET /v1/usage\` has the same counters as JSON.

\`\`\`sh
curl --unix-socket /run/tetrarch/tetrarchd-ro.sock http://host/metrics
\`\`\`

One answer is one hypercall for all domains and a read of some files in /sys and /proc for each device and each QEMU. No
process is started, and nothing is counted while nobody asks.

## With Prometheus and Grafana

Prometheus reads no Unix sockets. In examples/metrics:

| file | is |
| --- | --- |
| nginx.conf | gives Prometheus \`/metrics\` over TCP, and nothing else of the API |
| prometheus.yml | the jobs of Prometheus |
| tetrarch-alerts.yml | alerts: crash loops, a QEMU that died or hangs, a guest in another mode than it should, little memory |
| grafana-dashboard.json | a dashboard: import it, and choose the data source |

\`mode\` is what a guest is *observed* as. A guest whose PV drivers connect goes from \`hvm\` to \`pvhvm\`, which begins new
series; \`tetrarch_guest_info\` has what was configured and chosen.

\`\`\`promql
# CPU by mode
sum by (mode) (rate(tetrarch_guest_cpu_seconds_total[5m]))
# What the QEMUs of a host cost in memory
sum by (instance) (tetrarch_guest_device_model_memory_bytes)
# Guests that run as something else than their definition asks for
tetrarch_guest_mode_differs == 1
\`\`\`

## Names

Counters begin at 0 with each domain. Guests that are halted have only \`tetrarch_guest_info\`, \`tetrarch_guest_running\`,
\`tetrarch_guest_mode_differs\` and \`tetrarch_guest_recent_crashes\`. Disks that a QEMU serves (qcow2 and others) are not counted by
dom0's kernel, so there are no metrics of them.

${tables.join('\n\n')}
`
mkdirSync(join(root, 'docs'), { recursive: true })
writeFileSync(join(root, 'docs/metrics.md'), text)
