import { once } from 'node:events'
import { request } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Event } from '../../../src/api/event.ts'
import { eventSchema } from '../../../src/api/event.ts'
import { type ServedDaemon, WEB, serveDaemon } from './served-daemon.ts'

let served: ServedDaemon
beforeEach(async () => {
  served = await serveDaemon({ config: { events: { heartbeatMs: 20 } } })
})
afterEach(() => served.stop())

const create = () => served.client.call('create', { body: { definition: { file: '/tmp/web.cfg', text: WEB } } })

async function first(count: number, since?: number): Promise<readonly Event[]> {
  const events: Event[] = []
  for await (const event of served.client.stream('events', { query: since === undefined ? {} : { since } })) {
    events.push(event)
    if (events.length === count) break
  }
  return events
}

test('events come as they happen, numbered, and as the schema says', async () => {
  const reading = first(5, 0)
  await create()
  const events = await reading
  expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5])
  for (const event of events) expect(eventSchema.parse(event)).toEqual(event)
})

test('a reader that comes back goes on where it was', async () => {
  const { id } = await create()
  await served.client.call('task', { params: { task: id }, query: { wait: 5000 } })
  const all = await first(6, 0)
  expect(await first(3, 3)).toEqual(all.slice(3, 6))
})

test('a number that was never given is answered with "lost"', async () => {
  expect(await first(1, 1_000_000)).toMatchObject([{ kind: 'lost', count: null }])
})

test('a quiet stream shows that it lives', async () => {
  const sending = request({ socketPath: served.sockets.full, path: '/v1/events' }).end()
  const [response] = (await once(sending, 'response')) as [NodeJS.ReadableStream]
  const [beat] = (await once(response, 'data')) as [Buffer]
  expect(beat.toString()).toBe('\n')
  sending.destroy()
})

test('updates of a task end with the task', async () => {
  const { id } = await create()
  const states = new Set<string>()
  for await (const task of served.client.stream('taskUpdates', { params: { task: id } })) states.add(task.state)
  expect([...states].at(-1)).toBe('succeeded')
})

test('streams end when the daemon stops', async () => {
  const reading = first(1000, 0)
  await create()
  await served.daemon.stop()
  expect((await reading).length).toBeGreaterThan(0)
})
