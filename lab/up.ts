/** lab up: builds what is missing and starts the lab from the snapshot. */
import { appendFileSync, copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { chooseAccelerator } from './accelerator.ts'
import { removeUnused } from './cache.ts'
import { type Dom0, dom0Image, dom0Name } from './dom0-disk.ts'
import { chosenFlavour, type Flavour } from './flavours.ts'
import { installHostPackages } from './host-packages.ts'
import { locked } from './lock.ts'
import { freePort, startMachine, stopMachine } from './machine.ts'
import { type LabPlace, labName, labPlace, lockOf } from './place.ts'
import { rootfsName } from './rootfs.ts'
import { capture, say, timed } from './run.ts'
import { createOverlay, type Snapshot, snapshotName, snapshotOf } from './snapshot.ts'
import { connect, disconnect, sshCommand } from './ssh.ts'
import { runningLabs, runningState, runningTarget, writeState } from './state.ts'

/** Starts the lab unless it is up already. A lab of an older recipe is replaced. */
export function up(): Promise<number> {
  const place = labPlace(labName())
  const flavour = chosenFlavour(process.env)
  return locked(lockOf(place), async () => {
    await locked('packages', installHostPackages)
    const accelerator = await chooseAccelerator()
    if (await isUp(place, [dom0Name(flavour), await snapshotName(accelerator)])) return 0
    const { dom0, snapshot } = await locked('build', async () => {
      const dom0 = await dom0Image(flavour)
      const snapshot = await snapshotOf(dom0, accelerator)
      tidy(flavour, dom0)
      return { dom0, snapshot }
    })
    await timed(`starting the lab "${place.name}" from its snapshot`, async () => {
      await emptyPlace(place)
      const port = await start(place, dom0, snapshot, accelerator)
      const own = { port, accelerator, flavour: flavour.name, sshKey: dom0.sshKey }
      writeState(place, { ...own, dom0: dom0.directory, snapshot: dirname(snapshot.disk) })
      await greet(place)
    })
    return 0
  })
}

/** Whether the lab runs, from the dom0 and the snapshot of these names. */
async function isUp(place: LabPlace, recipe: readonly string[]): Promise<boolean> {
  const state = runningState(place)
  if (!state) return false
  if (![state.dom0, state.snapshot].every((path) => recipe.includes(basename(path)))) {
    say(`the lab "${place.name}" runs from another recipe; replacing it`)
    return false
  }
  if (!(await connect(runningTarget(place)))) {
    say(`the lab "${place.name}" does not answer; replacing it`)
    return false
  }
  say(`the lab "${place.name}" is up`)
  return true
}

async function emptyPlace(place: LabPlace): Promise<void> {
  const state = runningState(place)
  if (state) await disconnect(runningTarget(place))
  await stopMachine(place)
  rmSync(place.directory, { recursive: true, force: true })
  mkdirSync(place.directory, { recursive: true, mode: 0o700 })
}

/** Starts QEMU; a port taken between the look and QEMU's start is not worth failing for. */
async function start(
  place: LabPlace,
  dom0: Dom0,
  snapshot: Snapshot,
  accelerator: Awaited<ReturnType<typeof chooseAccelerator>>,
): Promise<number> {
  await createOverlay(place.disk, { disk: snapshot.disk, format: 'qcow2' })
  copyFileSync(snapshot.bootLog, place.consoleLog)
  appendFileSync(place.consoleLog, '\n--- started from the snapshot ---\n')
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    try {
      await startMachine({ place, dom0, accelerator, port, state: snapshot.state })
      return port
    } catch (error) {
      if (attempt === 3 || !String(error).includes('host forwarding')) throw error
    }
  }
}

const greetDeadlineMs = 60_000

/** Opens the shared connection, and sets dom0's clock, which stood still since the snapshot. */
async function greet(place: LabPlace): Promise<void> {
  const target = runningTarget(place)
  const deadline = Date.now() + greetDeadlineMs
  while (!(await connect(target))) {
    if (Date.now() > deadline) throw new Error(`dom0 does not answer; see ${place.consoleLog}`)
  }
  const now = String(Date.now() / 1000)
  const { code, stderr } = await capture(sshCommand(target, `date -s @${now} >/dev/null && xl list >/dev/null`), {
    timeoutMs: greetDeadlineMs,
  })
  if (code !== 0) throw new Error(`dom0 answers, but Xen does not: ${stderr}`)
}

/** Removes what no recipe has used for a day and no running lab uses. */
function tidy(flavour: Flavour, dom0: Dom0): void {
  const running = runningLabs().map(({ state }) => state)
  removeUnused('rootfs', new Set([rootfsName(flavour)]))
  removeUnused('dom0', new Set(running.map((state) => basename(state.dom0))))
  const snapshots = new Set(running.map(({ snapshot }) => basename(snapshot)))
  removeUnused(`dom0/${basename(dom0.directory)}`, snapshots, (name) => /^(booted|snapshot)-/.test(name))
}
