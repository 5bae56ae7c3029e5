/** Removes what an interrupted create left: the domain, its devices, its loop devices, its nodes in xenstore. */
import { readFile, readdir } from 'node:fs/promises'
import { detachLoopDevice, listLoopDevices } from '../../libxl/loop.ts'
import type { Xenctrl } from '../../libxl/xenctrl.ts'
import type { GuestSpec } from '../../config/guest-spec.ts'
import type { Domid, Uuid } from '../../words/ids.ts'
import type { XenstoreClient } from '../../xenstore/client.ts'
import { below, domainPath, vmPath, xenstorePath } from '../../xenstore/paths.ts'
import { asTetrarchError } from '../../words/errors.ts'
import { domid as asDomid } from '../../words/ids.ts'
import type { Operation } from '../host.ts'

export interface SweepTools {
  readonly xenstore: XenstoreClient
  readonly xenctrl: Xenctrl
  readonly destroy: (domid: Domid, operation: Operation) => Promise<void>
}

export async function sweepDomain(tools: SweepTools, uuid: Uuid, spec: GuestSpec, operation: Operation): Promise<void> {
  const { xenctrl, xenstore } = tools
  const left = xenctrl.domains().filter((domain) => domain.uuid === uuid)
  for (const { domid } of left) {
    operation.log(`domain ${domid} is removed`)
    await destroyRemains(tools, domid, operation)
    await endDeviceModels(domid, operation)
  }
  await xenstore.rm(vmPath(uuid))
  await detachOrphanLoops(xenstore, spec, operation)
}

/** Whatever libxl says of the rest of a domain, what counts is that Xen lists it no more. */
async function destroyRemains(tools: SweepTools, domid: Domid, operation: Operation): Promise<void> {
  try {
    await tools.destroy(domid, operation)
  } catch (thrown) {
    if (tools.xenctrl.domain(domid)?.dying === false) throw thrown
    operation.log(`${asTetrarchError(thrown).message}; the domain is gone all the same`)
  }
}

/** A worker that was killed before it wrote down its QEMU leaves one that nobody knows. */
async function endDeviceModels(domid: Domid, { log }: Operation): Promise<void> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0')
    const serves = words[words.indexOf('-xen-domid') + 1]
    if (!words.includes('-xen-domid') || serves !== String(domid)) continue
    log(`process ${pid}, the QEMU of domain ${domid}, is ended`)
    process.kill(Number(pid), 'SIGKILL')
  }
}

/** Lets go of loop devices on this guest's files that no backend in xenstore uses. */
async function detachOrphanLoops(xenstore: XenstoreClient, spec: GuestSpec, { log }: Operation): Promise<void> {
  const files = new Set(spec.disks.map(({ target }) => target))
  const ours = listLoopDevices().filter(({ backingFile }) => files.has(backingFile))
  if (ours.length === 0) return
  const used = await loopsInUse(xenstore)
  for (const { name, backingFile } of ours) {
    if (used.has(`/dev/${name}`)) continue
    log(`/dev/${name}, left over for ${backingFile}, is detached`)
    detachLoopDevice(name)
  }
}

/** The block script writes the device it made into the backend's `node` (Xen: tools/hotplug/Linux/block). */
async function loopsInUse(xenstore: XenstoreClient): Promise<Set<string>> {
  const root = below(domainPath(asDomid(0)), 'backend', 'vbd')
  const used = new Set<string>()
  for (const domid of (await xenstore.directory(root)) ?? []) {
    for (const devid of (await xenstore.directory(xenstorePath(`${root}/${domid}`))) ?? []) {
      const node = await xenstore.readText(xenstorePath(`${root}/${domid}/${devid}/node`))
      if (node !== null) used.add(node)
    }
  }
  return used
}
