/** The same small guests by each toolstack, one after the other: what grows with them. */
import type { Growth } from '../findings.ts'
import { contest } from './contest.ts'
import { hypercall, xenstoreRoundTrip } from './floors.ts'
import { idle, ourMemory, xlKiB } from './processes.ts'
import { type Toolstack, api, found, run, tetrarch, timed, tiny, until, xl } from './sides.ts'

const MOST = 50
/** Where the crowd is looked at. */
const LOOKS: readonly number[] = [1, 10, MOST]

const names = Array.from({ length: MOST }, (_, index) => `tiny${index + 1}`)
const node = '/usr/lib/tetrarch/node'
/** Asks and prints what comes, and does nothing else. */
const BARE_CLIENT = `require('net').connect('/run/tetrarch/tetrarchd.sock', function () {
  this.write('GET /v1/guests HTTP/1.1\\r\\nhost: x\\r\\nconnection: close\\r\\n\\r\\n')
}).pipe(process.stdout)`

type Points = { readonly guests: number; readonly ms: number }[]

/** Builds them all; `look` is called where so many are there. */
async function build(toolstack: Toolstack, look: (guests: number) => Promise<void>): Promise<Points> {
  const points: Points = []
  for (const [index, name] of names.entries()) {
    points.push({ guests: index, ms: await timed(() => toolstack.create(tiny(name))) })
    if (LOOKS.includes(index + 1)) await look(index + 1)
  }
  return points
}

const bareHypercall = hypercall()
const bareRoundTrip = xenstoreRoundTrip()

const lists = (guests: number) =>
  contest(`list with ${guests} guests`, {
    'tetrarch API': () => api.call('guests', {}),
    'tetrarch CLI': () => run('tetrarch', ['list', '--json']),
    xl: () => run('xl', ['list']),
    'node -e 0': () => run(node, ['-e', '0']),
    'a bare client on node': () => run(node, ['-e', BARE_CLIENT]),
    'a bare hypercall': bareHypercall,
  })
const infos = (guests: number) =>
  contest(`info with ${guests} guests`, {
    'tetrarch API': () => api.call('guest', { params: { guest: names[0] ?? '' } }),
    xl: () => run('xl', ['list', '-l', names[0] ?? '']),
    'a bare xenstore round trip': bareRoundTrip,
  })

/** From an end that xl makes until a client has heard of it; beside it a bare watch of xenstore. */
async function deaths(name: string): Promise<Readonly<Record<string, number>>> {
  const stop = new AbortController()
  const heard = (async () => {
    for await (const event of api.stream('events', {}, stop.signal))
      if (event.kind === 'guest.gone' && event.guest === name) return performance.now()
    return NaN
  })()
  const watch = run('xenstore-watch', ['-n', '2', '@releaseDomain']).then(() => performance.now())
  // Both are listening once they could have answered.
  await api.call('guests', {})
  await new Promise((resolve) => setTimeout(resolve, 500))
  const begun = performance.now()
  await run('xl', ['destroy', name])
  const [event, bare] = await Promise.all([heard, watch])
  stop.abort()
  return { 'tetrarch event': event - begun, 'xenstore-watch': bare - begun }
}

async function firstAnswer(): Promise<number> {
  await run('systemctl', ['stop', 'tetrarchd.service'])
  const begun = performance.now()
  await run('systemctl', ['start', '--no-block', 'tetrarchd.service'])
  await until('an answer', async () => (await api.call('guests', {}).catch(() => [])).length === MOST, 5)
  return performance.now() - begun
}

/** Each by its own line: [side, [guests there, milliseconds]]. */
const growth = (name: string, points: Growth['points']): void => found({ growth: { name, points } })

export async function crowd(): Promise<void> {
  const memory = new Map<number, ReturnType<typeof ourMemory>>()
  const created = await build(tetrarch, async (guests) => {
    for (const result of [await lists(guests), await infos(guests)]) found({ result })
    memory.set(guests, ourMemory(guests))
  })
  found({ idle: await idle(MOST) })
  const restart = await firstAnswer()
  const floor = await timed(() => run(node, ['-e', '0']))
  found({
    result: {
      name: `first list after a start with ${MOST} guests`,
      times: { tetrarch: [restart], 'node -e 0': [floor] },
    },
  })
  const dead = [await deaths(names[MOST - 1] ?? ''), await deaths(names[MOST - 2] ?? '')]
  const sides = ['tetrarch event', 'xenstore-watch'] as const
  const times = Object.fromEntries(sides.map((side) => [side, dead.map((each) => each[side] ?? NaN)]))
  found({ result: { name: "a guest's end is heard of", times } })
  const ended: Points = []
  for (let left = MOST - 2; left > 0; left--)
    ended.push({ guests: left, ms: await timed(() => tetrarch.destroy(names[left - 1] ?? '')) })
  const byXl = await build(xl, (guests) => {
    const own = memory.get(guests)
    if (own !== undefined) found({ memory: { ...own, xlKiB: xlKiB() } })
    return Promise.resolve()
  })
  const endedByXl: Points = []
  for (let left = MOST; left > 0; left--)
    endedByXl.push({ guests: left, ms: await timed(() => xl.destroy(names[left - 1] ?? '')) })
  growth('create', { tetrarch: created, xl: byXl })
  growth('destroy', { tetrarch: ended, xl: endedByXl })
}
