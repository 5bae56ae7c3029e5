/** Creates the four guests of examples/guests in the lab, waits until each shows what it is, and prints what Xen says. */
import { daemonApi } from '../lab/daemon-api.ts'
import { demoGuests, prepareDemoGuests } from '../lab/demo-guests.ts'
import { dom0 } from '../lab/dom0.ts'
import type { Client } from '../src/api/client.ts'
import type { GuestDetail } from '../src/api/guest.ts'
import { type Column, renderTable } from '../src/cli/render/table.ts'
import { fromProblem } from '../src/api/problem.ts'
import { renderError } from '../src/words/render-error.ts'

/** What an emulated PC on a busy machine may take, milliseconds. */
const BOOT_MS = 600_000
const OPERATION_MS = 600_000
/** The whole line: an emulated serial port is slow enough to be read in the middle of it. */
const MARKER = /TETRARCH-GUEST .*kernel=\S+/

const say = (line: string) => console.log(line)

const columns: readonly Column<GuestDetail>[] = [
  { title: 'NAME', value: ({ name }) => name },
  { title: 'CONFIGURED', value: ({ mode }) => mode.configured ?? '-' },
  { title: 'OBSERVED', value: ({ mode }) => mode.observed ?? '-' },
  { title: 'QEMU', value: ({ deviceModel }) => (deviceModel === null ? 'none' : `pid ${deviceModel.pid}`) },
  { title: 'BOOTED', value: ({ booted }) => (booted === null ? '-' : `${booted.how}: ${booted.what}`), shrinks: true },
  { title: 'STATE', value: ({ state }) => state },
  { title: 'MEM', value: ({ memoryMiB }) => String(memoryMiB), align: 'right' },
  { title: 'VCPUS', value: ({ vcpus }) => String(vcpus), align: 'right' },
]

async function start(api: Client, name: string): Promise<void> {
  const old = (await api.call('guests', {})).find((guest) => guest.name === name && guest.domid !== null)
  if (old) await api.call('destroy', { params: { guest: name }, query: { wait: OPERATION_MS } })
  const file = `/root/examples/${name}.cfg`
  const text = await dom0.sh(`cat ${file}`)
  const begun = performance.now()
  const task = await api.call('create', { query: { wait: OPERATION_MS }, body: { definition: { file, text } } })
  if (task.problem !== null) throw new Error(renderError(fromProblem(task.problem)))
  say(`demo: created ${name} in ${((performance.now() - begun) / 1000).toFixed(1)} s`)
}

/** The guest once its marker line is on its console and it is observed as what it was meant to be. */
async function shown(api: Client, name: string, mode: string): Promise<{ guest: GuestDetail; marker: string }> {
  return await dom0.waitFor(
    `${name} to show its marker line and to be seen as ${mode}`,
    async () => {
      const guest = await api.call('guest', { params: { guest: name } })
      // The last line may still be coming in; after this one comes the prompt of a shell.
      const marker = guest.consoleTail.slice(0, -1).find((line) => MARKER.test(line))
      return marker !== undefined && guest.mode.observed === mode && { guest, marker }
    },
    { timeoutMs: BOOT_MS, everyMs: 1000 },
  )
}

const api = await daemonApi()
await prepareDemoGuests()
for (const { name } of demoGuests) await start(api, name)
say('demo: waiting for the guests to boot (an emulated PC on an emulated machine takes a minute)')
const results = await Promise.all(demoGuests.map(({ name, mode }) => shown(api, name, mode)))

const width = process.stdout.isTTY ? process.stdout.columns : 110
const table = renderTable(
  columns,
  results.map(({ guest }) => guest),
  { width, color: (_, text) => text },
)
say(['', ...table, '', ...results.map(({ guest, marker }) => `${guest.name} says: ${marker}`)].join('\n'))
say(`
Four guests run on real Xen; the lab stays up. Go on by hand:
  lab/lab exec tetrarch list                 what runs, and as what
  lab/lab exec tetrarch info demo-pvhvm      one guest, with its devices and evidence
  lab/lab exec xl list                       the same domains, as Xen's own tool sees them
  lab/lab exec tetrarch shutdown demo-pv     and: create, reboot, pause, destroy, events, modes, host
  lab/lab shell                              a shell in dom0; there: tetrarch console demo-pv
  lab/lab down                               the end`)
process.exit(0)
