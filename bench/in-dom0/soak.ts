/**
 * Runs inside dom0: creates and destroys guests of all modes for hours if asked to, has others reboot, and prints what is
 * there after every so many of them, a JSON document a line. Nothing of it may grow.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { ourMemory } from './processes.ts'
import { api, found, prepareDisks, run, start, tetrarch, until } from './sides.ts'

const [cycles = 300, reboots = 50] = process.argv.slice(2).map(Number)
/** How many goes between two looks. */
const LOOK_AFTER = 50
const MATERIAL = '/var/lib/tetrarch-lab/guests'
const NAME = 'soak'

const devices = `disk = ["/srv/bench/${NAME}.img,raw,xvda,rw"]\nvif = ["bridge=xenbr0"]\n`
const pc = 'memory = 96\nvga = "none"\nvnc = 0\n'
const bodies: Readonly<Record<string, string>> = {
  pv: `memory = 32\nkernel = "${MATERIAL}/pvgrub-pv.bin"\n`,
  pvh: `memory = 32\nkernel = "${MATERIAL}/pvgrub-pvh.bin"\n`,
  hvm: pc,
  pvhvm: pc,
}
const modes = Object.keys(bodies)
const definition = (mode: string) => `name = "${NAME}"\nmode = "${mode}"\n${bodies[mode] ?? ''}${devices}`

const linesOf = async (command: string): Promise<number> =>
  Number((await run('sh', ['-c', `${command} | wc -l`])).stdout.trim())
const residentMiB = (pid: string): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

async function look(after: string): Promise<void> {
  const pid = (await run('systemctl', ['show', '-P', 'MainPID', 'tetrarchd'])).stdout.trim()
  const xenstored = (await run('sh', ['-c', 'pidof oxenstored || pidof xenstored'])).stdout.trim()
  const { daemonKiB, workers } = ourMemory(0)
  found({
    soak: {
      after,
      domains: (await linesOf('xl list')) - 2,
      xenstoreNodes: await linesOf('xenstore-ls -f'),
      loopDevices: await linesOf('losetup -l -n'),
      qemus: await linesOf("ps -eo args | grep '[q]emu.*-xen-domid' | grep -v -- '-xen-domid 0'"),
      records: readdirSync('/var/lib/tetrarch/domains').length,
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
      daemonMiB: daemonKiB / 1024,
      xenstoredMiB: residentMiB(xenstored),
      workers,
    },
  })
}

/** A reboot as a guest's own kernel asks for it, so that it need not have booted (SHUTDOWN_reboot of xen/include/public/sched.h). */
async function reboot(): Promise<void> {
  const before = await domid()
  const shutdown = `export PYTHONPATH=$(dirname $(dirname $(dirname $(find /usr/lib/xen-* -path '*xen/lowlevel*' -name 'xc*.so' | head -1))))
    python3 -c 'import xen.lowlevel.xc as xc; xc.xc().domain_shutdown(${before}, 1)'`
  await run('sh', ['-c', shutdown])
  await until('the guest to be back', async () => {
    const guest = await api.call('guest', { params: { guest: NAME } })
    return guest.state === 'running' && guest.domid !== before
  })
}
const domid = async () => (await api.call('guest', { params: { guest: NAME } })).domid ?? 0

/** Guests with a PC take many times as long as the others: one in five. */
const modeOf = (cycle: number): string =>
  cycle % 5 === 4 ? (cycle % 10 === 9 ? 'pvhvm' : 'hvm') : cycle % 2 === 0 ? 'pv' : 'pvh'

await prepareDisks([NAME])
// What is made once, and kept, is made before the first look.
for (const mode of modes) {
  await tetrarch.create(definition(mode))
  await tetrarch.destroy(NAME)
}
await look('the first of each mode')
for (let cycle = 0; cycle < cycles; cycle++) {
  await tetrarch.create(definition(modeOf(cycle)))
  await tetrarch.destroy(NAME)
  if ((cycle + 1) % LOOK_AFTER === 0) await look(`${cycle + 1} creates and destroys`)
}
for (const [index, mode] of modes.entries()) {
  const share = Math.floor(reboots / modes.length) + (index < reboots % modes.length ? 1 : 0)
  await start(definition(mode), false)
  for (let turn = 0; turn < share; turn++) await reboot()
  await tetrarch.destroy(NAME)
  await look(`${share} reboots of ${mode}`)
}
process.exit(0)
