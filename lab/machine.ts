/** The machine that runs Xen: QEMU's command line, starting it, and stopping it. */
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { type Accelerator, acceleratorArguments } from './accelerator.ts'
import type { Dom0 } from './dom0-disk.ts'
import { EXTRAS, LACKS, chosenExtra, chosenLack } from './flavours.ts'
import type { LabPlace } from './place.ts'
import { openQmp } from './qmp.ts'
import { output } from './run.ts'

/** The machine's memory and dom0's part of it. The rest is for guests. */
const memoryMiB = 6144
const dom0MemoryMiB = 2048
const cpus = 2

/** What fits through the exchange disk (exchange.ts) at once. The file is sparse. */
const exchangeBytes = 8 * 2 ** 30

/**
 * bootscrub=0: Xen would write to all free memory, which the host would then have to find and the snapshot to hold.
 * spec-ctrl=eager-fpu: with Xen's lazy switching of the FPU, QEMU 7.2's emulation of SVM loses CR0.TS, and while an HVM guest
 * works, programs in dom0 get each other's vector registers: 200 times a minute, seen as crashes anywhere.
 */
const xenArguments = [
  `dom0_mem=${String(dom0MemoryMiB)}M,max:${String(dom0MemoryMiB)}M`,
  `dom0_max_vcpus=${String(cpus)}`,
  'console=com1 com1=115200,8n1 loglvl=all guest_loglvl=all noreboot=1 bootscrub=0 spec-ctrl=eager-fpu',
].join(' ')

const dom0Arguments = 'root=/dev/vda rw console=hvc0 net.ifnames=0 quiet'

/** What a machine is started with. */
export interface MachineStart {
  readonly place: LabPlace
  readonly dom0: Dom0
  readonly accelerator: Accelerator
  /** Port of 127.0.0.1 that leads to dom0's sshd. */
  readonly port: number
  /** File with the state of a booted machine; without it, the machine boots. */
  readonly state?: string
}

/** The arguments that a snapshot must find unchanged. */
export function hardware(accelerator: Accelerator): readonly string[] {
  const lack = chosenLack(process.env)
  const { cpu, xen } = lack === null ? { cpu: '', xen: '' } : LACKS[lack]
  const extra = chosenExtra(process.env)
  const more = extra === null ? { devices: [], xen: '' } : EXTRAS[extra]
  const words = [xenArguments, xen, more.xen].filter((each) => each !== '')
  return [
    ...['-M', 'q35', ...acceleratorArguments(accelerator, cpu), '-m', String(memoryMiB), '-smp', String(cpus)],
    ...['-nodefaults', '-display', 'none', '-no-user-config', '-append', words.join(' ')],
    // An IOMMU comes before the devices that are behind it.
    ...more.devices.flatMap((device) => ['-device', device]),
    ...['-device', 'virtio-blk-pci,drive=disk', '-device', 'virtio-blk-pci,drive=exchange'],
    ...['-device', 'virtio-net-pci,netdev=net,romfile=', '-device', 'virtio-rng-pci'],
  ]
}

/** Starts QEMU in the background; returns when it has loaded its state or begun to boot. */
export async function startMachine(start: MachineStart): Promise<void> {
  const { place, dom0 } = start
  for (const stale of [place.qmp, place.consoleSocket, place.pidFile]) rmSync(stale, { force: true })
  writeFileSync(place.exchange, '')
  truncateSync(place.exchange, exchangeBytes)
  // Commas are doubled in QEMU's option values.
  const value = (path: string) => path.replaceAll(',', ',,')
  await output(
    [
      'qemu-system-x86_64',
      ...hardware(start.accelerator),
      ...['-kernel', dom0.xen, '-initrd', `${value(dom0.kernel)} ${dom0Arguments},${value(dom0.initrd)}`],
      ...['-drive', `file=${value(place.disk)},format=qcow2,if=none,id=disk,cache=unsafe,discard=unmap`],
      ...['-drive', `file=${value(place.exchange)},format=raw,if=none,id=exchange,cache=unsafe`],
      ...['-netdev', `user,id=net,hostfwd=tcp:127.0.0.1:${String(start.port)}-:22`],
      ...[
        '-chardev',
        `socket,id=serial,path=${value(place.consoleSocket)},server=on,wait=off,logfile=${value(place.consoleLog)}`,
      ],
      ...['-serial', 'chardev:serial'],
      ...['-qmp', `unix:${value(place.qmp)},server=on,wait=off`, '-pidfile', place.pidFile, '-daemonize'],
      ...(start.state === undefined ? [] : ['-incoming', `exec:zstd -dcq '${start.state.replaceAll("'", `'\\''`)}'`]),
    ],
    { cwd: place.directory },
  )
  if (start.state !== undefined) await stateLoaded(place)
}

const loadDeadlineMs = 120_000

async function stateLoaded(place: LabPlace): Promise<void> {
  await using qmp = await openQmp(place.qmp)
  const deadline = Date.now() + loadDeadlineMs
  for (;;) {
    const { status } = (await qmp.execute('query-status')) as { status: string }
    if (status === 'running') return
    // The state was saved of a stopped machine, so that is how it comes back.
    if (status === 'paused') await qmp.execute('cont')
    if (!['inmigrate', 'paused'].includes(status) || Date.now() > deadline)
      throw new Error(`the snapshot could not be loaded: QEMU is ${status}`)
    await delay(50)
  }
}

/** The process id of the lab's QEMU, or null when none runs. */
export function machinePid(place: LabPlace): number | null {
  try {
    const pid = Number(readFileSync(place.pidFile, 'utf8'))
    // The number may belong to another program by now.
    return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').includes(place.pidFile) ? pid : null
  } catch {
    return null
  }
}

/** Ends the lab's QEMU, if any, and waits until it is gone. What dom0 had not yet written to its disk may be lost. */
export async function stopMachine(place: LabPlace): Promise<void> {
  const pid = machinePid(place)
  if (pid === null) return
  process.kill(pid, 'SIGKILL')
  while (existsSync(`/proc/${String(pid)}`) && machinePid(place) === pid) await delay(20)
}

/** A port of 127.0.0.1 that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no free port'))
        else resolve(address.port)
      })
    })
  })
}
