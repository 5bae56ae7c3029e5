/**
 * A disk of a guest, connected as Xen's block script does it: a file behind a loop device, a block device by its number.
 * blkback waits for `physical-device` (Linux drivers/block/xen-blkback/xenbus.c); QEMU and libxl read `physical-device-path`,
 * and Xen's script, should it undo this, and our sweep read `node`.
 */
import { type FileHandle, constants, open, statfs } from 'node:fs/promises'
import { existsSync, type BigIntStats } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { attachLoop } from '../../../libxl/loop.ts'
import { fail } from '../../../words/errors.ts'
import type { XenstoreClient } from '../../../xenstore/client.ts'
import { domainName } from '../../../xenstore/paths.ts'
import { type Backend, backendName, wentAway } from './backend.ts'
import { writeNodes } from './backend-nodes.ts'
import { type DiskThing, type DiskUse, type DiskUsers, blockThing, fileThing } from './disk-users.ts'
import { majorOf, minorOf, mountedAt } from './mounted.ts'
import type { XenLock } from './xen-lock.ts'

export interface DiskTools {
  readonly xenstore: XenstoreClient
  readonly users: DiskUsers
  readonly lock: XenLock
  /** Folder of the backends, as the kernel shows them. */
  readonly backends: string
  /** How long blkback may take to open the device. */
  readonly openMs: number
}

/** What libxl wrote about the disk. */
export interface DiskRequest {
  readonly target: string
  readonly access: DiskUse['access']
  readonly sharing: 'refused' | 'wanted'
  readonly directIoSafe: boolean
  /** `/vm/UUID` of the guest. */
  readonly vm: string | null
}

/** ext2 to ext4, XFS (linux/magic.h): no page of a guest is in flight there once a request has ended. */
const DIRECT_IO_FILESYSTEMS = new Set([0xef53, 0x58465342])
const LOOP_MAJOR = 7
const LOOK_AGAIN_MS = { first: 1, most: 50 }

/** Throws `disk-in-use`, `file-missing`, or what the kernel says. Nothing stays attached then. */
export async function connectDisk(tools: DiskTools, backend: Backend, request: DiskRequest): Promise<void> {
  await using file = await openTarget(request)
  const found = await file.stat({ bigint: true })
  if (found.isBlockDevice()) await giveBlockDevice(tools, backend, request, found)
  else await giveFile(tools, backend, request, file)
}

async function giveBlockDevice(
  tools: DiskTools,
  backend: Backend,
  request: DiskRequest,
  { rdev }: BigIntStats,
): Promise<void> {
  const [major, minor] = [majorOf(Number(rdev)), minorOf(Number(rdev))]
  const things = [blockThing(major, minor)]
  await tools.lock.held(async () => {
    await claim(tools, backend, request, things)
    await writeDevice(tools, backend, { major, minor, path: request.target })
  })
}

async function giveFile(tools: DiskTools, backend: Backend, request: DiskRequest, file: FileHandle): Promise<void> {
  const { dev, ino } = await file.stat({ bigint: true })
  const io =
    request.directIoSafe || DIRECT_IO_FILESYSTEMS.has((await statfs(request.target)).type) ? 'direct' : 'buffered'
  using held = new DisposableStack()
  await tools.lock.held(async () => {
    const things = [fileThing(dev, ino)]
    await claim(tools, backend, request, things)
    const loop = held.use(attachLoop({ fd: file.fd, access: request.access, io }))
    tools.users.claim(backend, {
      ...{ domid: backend.domid, access: request.access },
      things: [...things, blockThing(LOOP_MAJOR, loop.number)],
    })
    await writeDevice(tools, backend, { major: LOOP_MAJOR, minor: loop.number, path: loop.path })
  })
  // Until blkback has the loop device open, it is this handle that keeps it.
  await untilOpened(tools, backend)
}

async function openTarget({ target, access }: DiskRequest): Promise<FileHandle> {
  try {
    return await open(target, access === 'read-only' ? constants.O_RDONLY : constants.O_RDWR)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw fail('file-missing', { what: `the disk cannot be opened ${access}`, where: target, why }, { cause })
  }
}

async function claim(
  { users, xenstore }: DiskTools,
  backend: Backend,
  request: DiskRequest,
  things: readonly DiskThing[],
): Promise<void> {
  const { target, access, sharing, vm } = request
  if (sharing === 'refused') {
    const mount = await mountedAt(things, access)
    if (mount !== null) throw inUse(target, `dom0 has it mounted at ${mount}`)
    const [rival] = await users.against(things, access, vm)
    if (rival !== undefined) {
      const name = (await xenstore.readText(domainName(rival.domid))) ?? 'without a name'
      throw inUse(target, `domain ${rival.domid} (${name}) has it ${rival.access}`)
    }
  }
  users.claim(backend, { domid: backend.domid, things, access })
}

const inUse = (target: string, why: string) =>
  fail('disk-in-use', {
    what: 'the disk is in use',
    where: target,
    why,
    fix: 'end its other use; a disk that several guests may write is given to each of them with access=w!',
  })

async function writeDevice(
  { xenstore }: DiskTools,
  backend: Backend,
  { major, minor, path }: { readonly major: number; readonly minor: number; readonly path: string },
): Promise<void> {
  const nodes = {
    node: path,
    'physical-device-path': path,
    'physical-device': `${major.toString(16)}:${minor.toString(16)}`,
    'hotplug-status': 'connected',
  }
  if ((await writeNodes(xenstore, backend, nodes)) === 'gone') throw wentAway(backend)
}

/** blkback adds this file once it has opened the device (xenvbd_sysfs_addif). */
async function untilOpened({ backends, openMs }: DiskTools, backend: Backend): Promise<void> {
  const opened = join(backends, backendName(backend), 'physical_device')
  const until = performance.now() + openMs
  for (let pause = LOOK_AGAIN_MS.first; !existsSync(opened); pause = Math.min(2 * pause, LOOK_AGAIN_MS.most)) {
    if (performance.now() > until)
      throw fail('deadline', { what: `blkback did not open the disk within ${openMs / 1000} s`, where: backend.path })
    await sleep(pause)
  }
}
