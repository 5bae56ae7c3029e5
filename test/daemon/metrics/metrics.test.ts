/** GET /metrics and GET /v1/usage of a daemon on a simulated host, read by the reference parser of the format. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import type { Usage } from '../../../src/api/usage.ts'
import { sampleName, writeOpenMetrics } from '../../../src/daemon/metrics/open-metrics.ts'
import { metricSections } from '../../../src/daemon/metrics/table.ts'
import { uuid } from '../../../src/words/ids.ts'
import { sourceFiles } from '../../source-files.ts'
import { type ServedDaemon, WEB, serveDaemon } from '../http/served-daemon.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
const WINDOWS = `name = "windows"\ntype = "hvm"\nmemory = 256\ndisk = ["/srv/windows.img,raw,hda,rw"]\nvif = ["bridge=xenbr0"]\n`

interface Series {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const parsed = z.array(z.object({ name: z.string(), labels: z.record(z.string(), z.string()), value: z.number() }))

/** python3-prometheus-client's strict parser, which refuses whatever the specification does not allow. */
async function parse(text: string): Promise<readonly Series[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tetrarch-metrics-'))
  const file = join(folder, 'metrics')
  await writeFile(file, text)
  const program = `import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as families
print(json.dumps([{"name": s.name, "labels": s.labels, "value": s.value}
  for family in families(open(sys.argv[1]).read()) for s in family.samples]))`
  const { stdout } = await promisify(execFile)('/usr/bin/python3', ['-c', program, file])
  await rm(folder, { recursive: true })
  return parsed.parse(JSON.parse(stdout))
}

let served: ServedDaemon
beforeAll(async () => {
  served = await serveDaemon({ host: { behaviour: ({ name }) => ({ pvDrivers: name !== 'windows' }) } })
  for (const [name, text] of Object.entries({ web: WEB, windows: WINDOWS })) {
    await served.ask('PUT', `/v1/guests/${name}/definition`, { text })
    await served.ask('POST', '/v1/guests?wait=5000', { name })
  }
  await served.define('halted', WEB.replaceAll('web', 'halted'))
  served.host.foreign({ name: 'odd"name\n\\', uuid: uuid('11111111-1111-4111-8111-111111111111') })
  await vi.waitFor(async () => {
    expect((await served.client.call('guest', { params: { guest: 'web' } })).mode.observed).toBe('pvh')
    expect(await served.client.call('guests', {})).toHaveLength(4)
  })
})
afterAll(() => served.stop())

function scrape(socketPath: string): Promise<{ readonly type: string | undefined; readonly text: string }> {
  return new Promise((done, failed) => {
    request({ socketPath, path: '/metrics', agent: false }, (response) => {
      let text = ''
      response.on('data', (bytes: Buffer) => (text += bytes.toString()))
      response.on('end', () => done({ type: response.headers['content-type'], text }))
    })
      .once('error', failed)
      .end()
  })
}

const find = (series: readonly Series[], name: string, labels: Series['labels']) =>
  series.filter((one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value))

describe('GET /metrics', () => {
  test.each(['full', 'readOnly'] as const)(
    'is answered on the %s socket, in the form of OpenMetrics',
    async (socket) => {
      const { type, text } = await scrape(served.sockets[socket])
      expect(type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
      expect(await parse(text)).not.toEqual([])
    },
  )

  test('has every metric of the table, with the labels that it names', async () => {
    const series = await parse((await scrape(served.sockets.full)).text)
    for (const metric of metricSections.flatMap(({ metrics }) => metrics)) {
      const [first] = series.filter(({ name }) => name === sampleName(metric))
      expect(first, metric.name).toBeDefined()
      expect(Object.keys(first?.labels ?? {}).sort()).toEqual([...metric.labels].sort())
    }
  })

  test('tells what a guest is observed as, and what it is configured as', async () => {
    const series = await parse((await scrape(served.sockets.full)).text)
    const [windows] = find(series, 'tetrarch_guest_info', { guest: 'windows' })
    expect(windows?.labels).toMatchObject({ mode: 'hvm', configured_mode: 'pvhvm', managed: 'true' })
    expect(find(series, 'tetrarch_guest_mode_differs', { guest: 'windows' })).toMatchObject([{ value: 1 }])
    expect(find(series, 'tetrarch_guest_running', { guest: 'halted' })).toMatchObject([{ value: 0 }])
    expect(find(series, 'tetrarch_guests', { state: 'halted' })).toMatchObject([{ value: 1 }])
  })

  test('tells the cost of a QEMU for the guest that has one alone', async () => {
    const series = await parse((await scrape(served.sockets.full)).text)
    const costs = find(series, 'tetrarch_guest_device_model_memory_bytes', {})
    expect(costs).toMatchObject([{ labels: { guest: 'windows' }, value: 32 * 1024 * 1024 }])
  })

  test('shows control characters in names as text, and quotes as they are', async () => {
    const series = await parse((await scrape(served.sockets.full)).text)
    const names = find(series, 'tetrarch_guest_info', { managed: 'false' }).map(({ labels }) => labels['guest'])
    expect(names).toEqual(['odd"name\\n\\'])
  })

  test('counts what guests do', async () => {
    const bytes = async () =>
      find(await parse((await scrape(served.sockets.full)).text), 'tetrarch_guest_disk_read_bytes_total', {
        guest: 'web',
        disk: 'xvda',
      })[0]?.value ?? 0
    const before = await bytes()
    await vi.waitFor(async () => expect(await bytes()).toBeGreaterThan(before))
  })
})

test('no process is started for a sample', () => {
  // Types alone count as imports too, so only the files that do the work are named.
  const files = ['guests/usage.ts', 'xen/device-counters.ts', 'metrics/table.ts', 'metrics/open-metrics.ts']
  const packages = files.map((name) => sourceFiles.find(({ path }) => path === `src/daemon/${name}`)?.packages)
  expect(packages).not.toContain(undefined)
  expect(packages.flat()).not.toContain('node:child_process')
})

test('GET /v1/usage has the same counters, and only guests with a domain', async () => {
  const { status, body } = await served.ask('GET', '/v1/usage')
  const { guests } = body as Usage
  expect(status).toBe(200)
  expect(guests.map(({ name }) => name).toSorted()).toEqual(['odd"name\n\\', 'web', 'windows'])
  expect(guests.find(({ name }) => name === 'windows')).toMatchObject({
    mode: { observed: 'hvm', configured: 'pvhvm' },
    nics: [{ name: 'vif0' }],
    deviceModel: { memoryMiB: 32 },
  })
})

test('two series with the same labels are told once', () => {
  const family = { name: 'twice', type: 'gauge', help: 'x' } as const
  const sample = (value: number) => ({ labels: { guest: 'web' }, value })
  expect(writeOpenMetrics([[family, [sample(1), sample(2)]]])).toBe(
    '# TYPE twice gauge\n# HELP twice x\ntwice{guest="web"} 1\n# EOF\n',
  )
})

describe('examples/metrics', async () => {
  const names = new Map(metricSections.flatMap(({ metrics }) => metrics.map((each) => [sampleName(each), each])))
  const folder = join(ROOT, 'examples/metrics')
  const files = [...(await readdir(folder)).map((name) => join(folder, name)), join(ROOT, 'docs/metrics.md')]
  /** Labels that Prometheus itself adds. */
  const ofPrometheus = ['instance', 'job']

  test.each(files)('%s names only metrics and labels that there are', async (file) => {
    const text = await readFile(file, 'utf8')
    const used = [...text.matchAll(/\btetrarch_[a-z_]+/g)].map(([name]) => name)
    expect(used.filter((name) => !names.has(name))).toEqual([])
    const labels = new Set([...[...names.values()].flatMap((metric) => metric.labels), ...ofPrometheus])
    const grouped = [...text.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', '))
    const shown = [...text.matchAll(/\{\{ ?(?:\$labels\.)?(\w+) ?\}\}/g)].map(([, label = '']) => label)
    expect([...grouped, ...shown].filter((label) => !labels.has(label))).toEqual([])
  })

  test('the dashboard shows something of every kind, each panel with its queries', async () => {
    const dashboard = JSON.parse(await readFile(join(folder, 'grafana-dashboard.json'), 'utf8')) as {
      readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[]
    }
    for (const { title, targets } of dashboard.panels)
      expect(
        targets.every(({ expr }) => expr.includes('tetrarch_')),
        title,
      ).toBe(true)
    for (const kind of ['cpu_seconds', 'memory_bytes', 'disk_', 'network_', 'device_model_', 'mode'])
      expect(JSON.stringify(dashboard)).toContain(kind)
  })
})
