/** Guests that run: a reboot, and one that was built ahead. */
import { renameTime } from './floors.ts'
import {
  api,
  found,
  guest,
  prepareDisks,
  rounds,
  run,
  start,
  startFrom,
  tetrarch,
  timed,
  until,
  xl,
  xlStart,
} from './sides.ts'

const NAME = 'boots'
const text = guest(NAME, 'pv', 'a disk and a nic')

async function domid(): Promise<string> {
  const { stdout } = await run('xl', ['domid', NAME]).catch(() => ({ stdout: '' }))
  return stdout.trim()
}
const upTime = async (): Promise<boolean> => {
  const { stdout } = await run('xenstore-ls', ['-f', `/local/domain/${await domid()}/device`])
  return stdout.split('\n').filter((line) => /\/state = "4"$/.test(line)).length >= 2
}

/** From the end of the old domain to the run of the new one: what the toolstack adds to what the guest itself takes. */
async function rebootTime(begin: () => Promise<unknown>, ask: () => Promise<unknown>): Promise<number> {
  await begin()
  await until('its devices to be connected', upTime, 200)
  const before = await domid()
  const shut = run('sh', [
    '-c',
    `until xl list ${before} | grep -q -- '---s--' || ! xl list ${before} >/dev/null 2>&1; do sleep 0.02; done`,
  ])
  const asked = ask()
  await shut
  const begun = performance.now()
  const isNext = async () => {
    const now = await domid()
    if (now === '' || now === before) return false
    const { stdout } = await run('xl', ['list', now]).catch(() => ({ stdout: '' }))
    return !/--p---/.test(stdout) && stdout.includes(NAME)
  }
  await until('the next domain to run', isNext)
  const taken = performance.now() - begun
  await asked
  return taken
}

export async function reboots(): Promise<void> {
  await prepareDisks([NAME])
  const sides = {
    tetrarch: {
      begin: () => start(text, false),
      ask: () => api.call('reboot', { params: { guest: NAME }, query: { wait: 600_000 } }),
      destroy: () => tetrarch.destroy(NAME),
    },
    xl: { begin: () => xlStart(text, []), ask: () => run('xl', ['reboot', NAME]), destroy: () => xl.destroy(NAME) },
  }
  const times: Record<string, number[]> = {}
  for (let round = 0; round < 3; round++) {
    for (const [side, { begin, ask, destroy }] of Object.entries(sides)) {
      ;(times[side] ??= []).push(await rebootTime(begin, ask))
      await destroy()
    }
  }
  found({ result: { name: 'reboot, from shutdown to the next run', times } })
}

const TEMPLATE = 'ahead'

/** One that was built ahead gets its name; another one is built before the next turn, which does not count. */
export async function prepared(): Promise<void> {
  const bare = (name: string) => guest(name, 'pv', 'no devices')
  await api.call('define', {
    params: { guest: TEMPLATE },
    body: { text: `${bare(TEMPLATE)}prepare = 1\n`, errors: 'accept' },
  })
  const isReady = async () =>
    (await api.call('host', {})).prepared.some(({ template, ready }) => template === TEMPLATE && ready === 1)
  const times = { tetrarch: [] as number[], xl: [] as number[], 'libxl_domain_rename alone': [] as number[] }
  for (let round = 0; round <= rounds; round++) {
    await until('one to be built ahead', isReady, 200)
    const taken = { tetrarch: await timed(() => startFrom(TEMPLATE, NAME)), xl: NaN }
    await tetrarch.destroy(NAME)
    taken.xl = await timed(() => xl.create(bare(NAME)))
    const renamed = await renameTime(NAME)
    await xl.destroy(NAME)
    if (round === 0) continue
    times.tetrarch.push(taken.tetrarch)
    times.xl.push(taken.xl)
    times['libxl_domain_rename alone'].push(renamed)
  }
  await api.call('undefine', { params: { guest: TEMPLATE } })
  found({ result: { name: 'create from one built ahead', times } })
}
