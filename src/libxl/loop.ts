/** Loop devices: a file made a block device, which file is behind which, and letting go of one. */
import { closeSync, openSync, readFileSync, readdirSync } from 'node:fs'
import { fail } from '../words/errors.ts'
import { errno } from './ffi.ts'
import { ioctl, ioctlStruct } from './libc.ts'
import { NativeMemory } from './memory.ts'

export interface LoopDevice {
  /** `loop0`; the device is /dev/loop0. */
  readonly name: string
  /** The file as the kernel shows it: an absolute path, ` (deleted)` behind it when it is unlinked. */
  readonly backingFile: string
}

/** A loop device that lives as long as someone has it open: this handle first, the guest's backend after it. */
export interface AttachedLoop extends Disposable {
  readonly path: string
  readonly number: number
}

export interface LoopSettings {
  /** An open file; the kernel keeps a reference of its own. */
  readonly fd: number
  readonly access: 'read-only' | 'read-write'
  /** `direct` bypasses dom0's page cache where the filesystem can; the kernel falls back by itself where it cannot. */
  readonly io: 'direct' | 'buffered'
}

/** The file behind a loop device, as stat(2) numbers it. */
export interface FileIdentity {
  readonly device: bigint
  readonly inode: bigint
}

const LOOP_NAME = /^loop\d+$/

/** include/uapi/linux/loop.h. */
const LOOP_CLR_FD = 0x4c01
const LOOP_GET_STATUS64 = 0x4c05
const LOOP_CONFIGURE = 0x4c0a
const LOOP_CTL_GET_FREE = 0x4c82
const flags = { readOnly: 1, autoclear: 4, directIo: 16 } as const
/** struct loop_info64, and struct loop_config around it: fd and block_size before it, eight reserved words after it. */
const INFO_BYTES = 232
const CONFIG = { bytes: 8 + INFO_BYTES + 64, fd: 0, flags: 8 + 52 } as const
const EBUSY = 16
const ENXIO = 6
/** Others take the free device that we were told of; each round is a new one. */
const ATTEMPTS = 64

/**
 * Makes a file a block device. The kernel lets go of it when the last one closes it, so nothing stays behind,
 * whoever dies: the handle before the guest's backend has the device, or the guest after.
 */
export function attachLoop(settings: LoopSettings): AttachedLoop {
  const control = openSync('/dev/loop-control', 'r+')
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const number = ioctl(control, LOOP_CTL_GET_FREE, 0)
      if (number < 0) throw failed('find a free loop device', 'LOOP_CTL_GET_FREE')
      const loop = configure(number, settings)
      if (loop !== null) return loop
    }
  } finally {
    closeSync(control)
  }
  throw fail('internal', { what: 'cannot find a free loop device', why: `${ATTEMPTS} were taken by others in between` })
}

/** Null when another one was faster. */
function configure(number: number, { fd, access, io }: LoopSettings): AttachedLoop | null {
  const path = `/dev/loop${number}`
  const device = openSync(path, access === 'read-only' ? 'r' : 'r+')
  using config = new NativeMemory(CONFIG.bytes)
  config.view.setUint32(CONFIG.fd, fd, true)
  const wanted =
    flags.autoclear | (access === 'read-only' ? flags.readOnly : 0) | (io === 'direct' ? flags.directIo : 0)
  config.view.setUint32(CONFIG.flags, wanted, true)
  if (ioctlStruct(device, LOOP_CONFIGURE, config.at) === 0)
    return { path, number, [Symbol.dispose]: () => closeSync(device) }
  const error = errno() === EBUSY ? null : failed(`attach ${path}`, 'LOOP_CONFIGURE')
  closeSync(device)
  if (error === null) return null
  throw error
}

/** The file behind a loop device, or null when it has none. */
export function loopFile(number: number): FileIdentity | null {
  using info = new NativeMemory(INFO_BYTES)
  const device = openSync(`/dev/loop${number}`, 'r')
  try {
    if (ioctlStruct(device, LOOP_GET_STATUS64, info.at) !== 0) return null
    return { device: info.view.getBigUint64(0, true), inode: info.view.getBigUint64(8, true) }
  } finally {
    closeSync(device)
  }
}

/** The loop devices in use. */
export function listLoopDevices(blockDirectory = '/sys/block'): LoopDevice[] {
  return readdirSync(blockDirectory)
    .filter((name) => LOOP_NAME.test(name))
    .flatMap((name) => {
      const backingFile = backingFileOf(`${blockDirectory}/${name}/loop/backing_file`)
      return backingFile === null ? [] : [{ name, backingFile }]
    })
}

// A loop device without a file has no loop/ directory, and one can lose it between the listing and the reading.
function backingFileOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').replace(/\n$/, '')
  } catch {
    return null
  }
}

/**
 * Lets go of the file behind a loop device. While something still has the device open, the kernel does it when that closes it
 * (LO_FLAGS_AUTOCLEAR). A device without a file is no error.
 */
export function detachLoopDevice(name: string): void {
  if (!LOOP_NAME.test(name)) throw new RangeError(`not a loop device: ${JSON.stringify(name)}`)
  const fd = openSync(`/dev/${name}`, 'r')
  try {
    if (ioctl(fd, LOOP_CLR_FD, 0) === 0 || errno() === ENXIO) return
    throw failed(`detach /dev/${name}`, 'LOOP_CLR_FD')
  } finally {
    closeSync(fd)
  }
}

const failed = (what: string, request: string) =>
  fail('internal', { what: `cannot ${what}`, why: `${request}: errno ${errno()}` })
