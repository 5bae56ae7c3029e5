/** What goes on side by side: eight creates at once, and clients that ask without a pause. */
import { type Toolstack, api, found, guest, prepareDisks, run, tetrarch, timed, xl } from './sides.ts'

const CLIENTS = 8
const names = Array.from({ length: CLIENTS }, (_, index) => `once${index + 1}`)

/** The eight are built at once, as `xargs -P8 xl create` does, and taken away one by one; only the building counts. */
export async function createsAtOnce(rounds: number): Promise<void> {
  await prepareDisks(names)
  const times: Record<string, number[]> = {}
  const failures: Record<string, number> = {}
  const turns: Readonly<Record<string, Toolstack>> = { tetrarch, xl }
  for (let round = 0; round < rounds; round++) {
    for (const [side, { create, destroy }] of Object.entries(turns)) {
      const build = async () => {
        const built = await Promise.allSettled(names.map((name) => create(guest(name, 'pv', 'a disk and a nic'))))
        failures[side] = (failures[side] ?? 0) + built.filter(({ status }) => status === 'rejected').length
      }
      ;(times[side] ??= []).push(await timed(build))
      // One that failed is not there.
      for (const name of names) await destroy(name).catch(() => undefined)
    }
  }
  found({ result: { name: 'eight creates at once, a disk and a nic each', times, failures } })
}

const ASKING_MS = 5000

/** How often a second so many askers together get an answer. */
async function rateOf(ask: () => Promise<unknown>, askers: number): Promise<number> {
  const end = performance.now() + ASKING_MS
  let answers = 0
  const asking = async () => {
    while (performance.now() < end) {
      await ask()
      answers++
    }
  }
  await Promise.all(Array.from({ length: askers }, asking))
  return answers / (ASKING_MS / 1000)
}

export async function requests(): Promise<void> {
  for (const askers of [1, CLIENTS]) {
    const perSecond = {
      'tetrarch API': await rateOf(() => api.call('guests', {}), askers),
      xl: await rateOf(() => run('xl', ['list']), askers),
    }
    found({ rate: { name: `lists a second, ${askers} at a time`, perSecond } })
  }
}
