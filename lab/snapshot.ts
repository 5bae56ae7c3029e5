/**
 * The booted machine, kept: the disk as the boot left it, and the machine's state. Labs start from it, each with an
 * overlay of its own on that disk, so nobody ever writes to the snapshot.
 */
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Accelerator, kvmFailureNote } from './accelerator.ts'
import { cached, recipeKey } from './cache.ts'
import type { Dom0 } from './dom0-disk.ts'
import { freePort, hardware, machinePid, startMachine, stopMachine } from './machine.ts'
import { type LabPlace, labPlace } from './place.ts'
import { openQmp } from './qmp.ts'
import { capture, output, say, timed } from './run.ts'
import { connect, disconnect, sshCommand, type SshTarget } from './ssh.ts'

/** A machine under KVM boots in 10 s, an emulated one in 60 s; a busy computer may take several times that. */
const bootDeadlineMs = 600_000
const saveDeadlineMs = 300_000

export interface Snapshot {
  readonly disk: string
  readonly state: string
  readonly bootLog: string
}

/** What dom0 must answer before it counts as booted; prints what is amiss. */
const bootedTest = `
state=$(systemctl is-system-running --wait)
if [ "$state" != running ]; then systemctl --failed --no-legend --plain; fi
xl list >/dev/null && test -c /dev/net/tun && ip -br link show xenbr0 >/dev/null
`

/** Name of the snapshot among those of its dom0. */
export async function snapshotName(accelerator: Accelerator): Promise<string> {
  const version = await output(['qemu-system-x86_64', '--version'])
  return `booted-${recipeKey([hardware(accelerator), version, bootedTest])}`
}

/** The snapshot of a dom0, made by booting it if missing. */
export async function snapshotOf(dom0: Dom0, accelerator: Accelerator): Promise<Snapshot> {
  const name = await snapshotName(accelerator)
  const directory = await cached(`dom0/${basename(dom0.directory)}`, name, async (path) => {
    mkdirSync(path)
    const how = accelerator === 'kvm' ? 'under KVM' : 'emulated'
    await timed(`booting Xen and dom0, ${how}, and taking a snapshot`, () => bootAndSave(path, dom0, accelerator))
  })
  return snapshotAt(directory)
}

function snapshotAt(directory: string): Snapshot {
  return {
    disk: join(directory, 'booted.qcow2'),
    state: join(directory, 'state.zst'),
    bootLog: join(directory, 'boot.log'),
  }
}

/** Makes an empty overlay on a disk. */
export async function createOverlay(
  path: string,
  on: { readonly disk: string; readonly format: string },
): Promise<void> {
  rmSync(path, { force: true })
  await output(['qemu-img', 'create', '-q', '-f', 'qcow2', '-b', on.disk, '-F', on.format, path])
}

async function bootAndSave(path: string, dom0: Dom0, accelerator: Accelerator): Promise<void> {
  const place = labPlace('.building')
  await stopMachine(place)
  rmSync(place.directory, { recursive: true, force: true })
  mkdirSync(place.directory, { recursive: true, mode: 0o700 })
  const target = { place, port: await freePort(), sshKey: dom0.sshKey }
  const snapshot = snapshotAt(path)
  try {
    await createOverlay(place.disk, { disk: dom0.disk, format: 'raw' })
    await startMachine({ place, dom0, accelerator, port: target.port })
    await booted(target)
    await disconnect(target)
    await save(place, snapshot.state)
    await stopMachine(place)
    renameSync(place.disk, snapshot.disk)
    copyFileSync(place.consoleLog, snapshot.bootLog)
  } catch (error) {
    noteFailure(place, accelerator)
    throw error
  } finally {
    await stopMachine(place)
    rmSync(place.directory, { recursive: true, force: true })
  }
}

function noteFailure(place: LabPlace, accelerator: Accelerator): void {
  if (!existsSync(place.consoleLog)) return
  const log = `${place.directory}-failed.log`
  copyFileSync(place.consoleLog, log)
  say(`the boot failed; its console is in ${log}`)
  if (accelerator !== 'kvm') return
  writeFileSync(kvmFailureNote(), 'Xen did not boot under KVM. Remove this file to have it tried again.\n')
  say('Xen does not work under KVM here; the next "lab up" emulates')
}

async function booted(target: SshTarget): Promise<void> {
  const deadline = Date.now() + bootDeadlineMs
  for (;;) {
    if (await connect(target)) {
      const { code, stdout } = await capture(sshCommand(target, bootedTest), { timeoutMs: deadline - Date.now() })
      if (code === 0 && stdout.trim() === '') return
      throw new Error(`dom0 booted, but not well (exit ${String(code)}):\n${stdout}`)
    }
    if (machinePid(target.place) === null) throw new Error('QEMU ended while dom0 was booting')
    if (Date.now() > deadline) throw new Error(`dom0 did not boot within ${String(bootDeadlineMs / 1000)} s`)
    await delay(500)
  }
}

/** Stops the machine and writes its state to `file`; its disk is then as the state expects it. */
async function save(place: LabPlace, file: string): Promise<void> {
  await using qmp = await openQmp(place.qmp)
  await qmp.execute('stop')
  await qmp.execute('migrate-set-parameters', { 'max-bandwidth': 2 ** 40 })
  await qmp.execute('migrate', { uri: `exec:zstd -q -3 -T2 > '${file.replaceAll("'", `'\\''`)}'` })
  const deadline = Date.now() + saveDeadlineMs
  for (;;) {
    const { status } = (await qmp.execute('query-migrate')) as { status: string }
    if (status === 'completed') break
    if (status === 'failed' || Date.now() > deadline) throw new Error(`the snapshot could not be taken: ${status}`)
    await delay(100)
  }
  await qmp.execute('quit')
}
