/** Loop devices: which file is behind which, and letting go of one. libxl's block script leaves them behind when a worker is killed. */
import { closeSync, openSync, readFileSync, readdirSync } from 'node:fs'
import { fail } from '../words/errors.ts'
import { errno } from './ffi.ts'
import { ioctl } from './libc.ts'

export interface LoopDevice {
  /** `loop0`; the device is /dev/loop0. */
  readonly name: string
  /** The file as the kernel shows it: an absolute path, ` (deleted)` behind it when it is unlinked. */
  readonly backingFile: string
}

const LOOP_NAME = /^loop\d+$/
/** include/uapi/linux/loop.h. */
const LOOP_CLR_FD = 0x4c01

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
    throw fail('internal', { what: `cannot detach /dev/${name}`, why: `LOOP_CLR_FD: errno ${errno()}` })
  } finally {
    closeSync(fd)
  }
}

const ENXIO = 6
