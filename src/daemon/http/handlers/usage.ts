import { isFinished } from '../../../api/task.ts'
import { writeOpenMetrics } from '../../metrics/open-metrics.ts'
import { type MetricFacts, metricSections } from '../../metrics/table.ts'
import { type JsonHandlers, type Services, type TextHandlers, ok } from '../handler.ts'

export const usageHandlers = ({ guests }: Services): JsonHandlers<'usage'> => ({
  usage: async () => ok(await guests.usage()),
})

export const metricsHandlers = (services: Services): TextHandlers<'metrics'> => ({
  metrics: async () => {
    const facts = await factsOf(services)
    const families = metricSections.flatMap(({ metrics }) => metrics)
    return writeOpenMetrics(families.map((metric) => [metric, metric.samples(facts)]))
  },
})

const MICROSECONDS = 1_000_000

async function factsOf({ guests: service, tasks, events }: Services): Promise<MetricFacts> {
  const { user, system } = process.cpuUsage()
  const guests = service.list()
  const [host, usage] = await Promise.all([service.hostSummary(guests), service.usage(guests)])
  return {
    host,
    usage,
    guests,
    daemon: {
      cpuSeconds: (user + system) / MICROSECONDS,
      memoryBytes: process.memoryUsage.rss(),
      events: events.newest,
      runningTasks: tasks.list().filter((task) => !isFinished(task)).length,
    },
  }
}
