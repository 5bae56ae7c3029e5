import { describe, expect, test } from 'vitest'
import { readFileSync } from 'node:fs'
import { type Event, type EventBody, eventSchema } from '../../src/api/event.ts'
import { EventBus } from '../../src/daemon/events.ts'

const HISTORY = 5
const body = (count: number): EventBody => ({ kind: 'daemon.started', version: String(count), adopted: 0, foreign: 0 })

async function take(events: AsyncIterable<Event>, count: number): Promise<Event[]> {
  const taken: Event[] = []
  for await (const event of events) if (taken.push(event) === count) break
  return taken
}

function busWith(events: number): EventBus {
  const bus = new EventBus({ history: HISTORY, coalesceBehind: 1000 })
  for (let count = 1; count <= events; count++) bus.publish(body(count))
  return bus
}
const never = new AbortController().signal

const stage = (task: string, words: string): EventBody => ({
  kind: 'task',
  guest: 'web',
  task,
  operation: 'create',
  state: 'running',
  stage: words,
})

describe('a reader that is far behind', () => {
  const behind = (events: readonly EventBody[], coalesceBehind: number) => {
    const bus = new EventBus({ history: 100, coalesceBehind })
    for (const event of events) bus.publish(event)
    return bus
  }

  test('gets only the newest of what replaces one another, and all else in order', async () => {
    const bus = behind([stage('a', '1'), body(1), stage('a', '2'), stage('b', '1'), stage('a', '3'), body(2)], 0)
    const events = await take(bus.since(0, never), 4)
    expect(events.map(({ seq }) => seq)).toEqual([2, 4, 5, 6])
  })

  test('that keeps up gets every one', async () => {
    const bus = behind([stage('a', '1'), stage('a', '2'), stage('a', '3')], 10)
    expect(await take(bus.since(0, never), 3)).toHaveLength(3)
  })
})

describe('a reader of events', () => {
  test('gets those after the number it gives, in order and without a gap', async () => {
    const events = await take(busWith(4).since(1, never), 3)
    expect(events.map(({ seq }) => seq)).toEqual([2, 3, 4])
  })

  test('gets only new ones when it gives no number', async () => {
    const bus = busWith(3)
    const reading = take(bus.since(null, never), 1)
    await Promise.resolve()
    bus.publish(body(4))
    expect((await reading)[0]?.seq).toBe(4)
  })

  test('is told how many it missed when the history does not reach back', async () => {
    const [lost, next] = await take(busWith(HISTORY + 3).since(1, never), 2)
    expect(lost).toMatchObject({ kind: 'lost', count: 2 })
    expect(next?.seq).toBe(4)
  })

  test('that was too slow is told the same, and goes on with what is left', async () => {
    const bus = busWith(1)
    const reader = bus.since(0, never)
    expect((await reader.next()).value).toMatchObject({ seq: 1 })
    for (let count = 2; count <= HISTORY + 4; count++) bus.publish(body(count))
    expect((await reader.next()).value).toMatchObject({ kind: 'lost', count: 3 })
    expect((await reader.next()).value).toMatchObject({ seq: 5 })
  })

  test('with a number from before a restart of the daemon must list again', async () => {
    const [lost] = await take(busWith(2).since(99, never), 1)
    expect(lost).toMatchObject({ kind: 'lost', count: null, seq: 2 })
  })

  test('ends when its signal does, also while it waits', async () => {
    const stop = new AbortController()
    const reading = take(busWith(0).since(null, stop.signal), 1)
    stop.abort()
    expect(await reading).toEqual([])
  })
})

test('every kind is explained in docs/events.md', () => {
  const explained = [...readFileSync('docs/events.md', 'utf8').matchAll(/^\| `([\w.-]+)` +\|/gm)].map(
    ([, kind]) => kind,
  )
  expect(explained).toEqual(eventSchema.options.map(({ shape }) => shape.kind.value))
})
