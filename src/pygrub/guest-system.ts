/** What of the system on a disk decides whether it comes up in another mode: read in the sandbox, told in a few words. */
import { attempt, type Budget, isRefusal } from './disk-fault.ts'
import { readBytes, type Source } from './disk/source.ts'
import { readWhole } from './fs/path.ts'
import { decompress, compressionOf } from './kernel/decompress.ts'
import { defaultEntry } from './menu/choose.ts'
import { findMenus } from './menu/find-menus.ts'
import { guestNode, readText } from './menu/guest-files.ts'
import type { Boot, GuestFile } from './menu/menu.ts'
import { plainLine } from './plain-line.ts'
import type { Report } from './report.ts'
import type { SystemResult } from './task.ts'
import type { GuestSystem } from './types.ts'
import type { Disk } from './volumes.ts'

const MAX_MOUNTS = 64
/** Bytes of a ramdisk as it lies on the disk, and unpacked. */
const MAX_RAMDISK = { packed: 256 * 1024 * 1024, unpacked: 512 * 1024 * 1024 }
/** Code in the first sector of a disk, before its partition table (Intel, GPT: "protective MBR"). */
const BOOT_CODE_BYTES = 440
const EFI_LOADERS = ['/EFI/BOOT/BOOTX64.EFI']
const DRIVERS = { disk: 'xen-blkfront', nic: 'xen-netfront' } as const
const DRIVER_NAMES = Object.values(DRIVERS)

interface Looking {
  readonly budget: Budget
  readonly report: Report
}

export function readSystem(image: Source, disk: Disk, { budget, report }: Looking): SystemResult {
  const boot = defaultBoot(disk, { budget, report })
  const text = (path: string): string | null => {
    const found = disk.volumes.map((volume) => readText(volume, path, budget)).find((each) => !isRefusal(each))
    return typeof found === 'string' ? found : null
  }
  return {
    kind: 'system',
    name: nameIn(text('/etc/os-release') ?? text('/usr/lib/os-release') ?? ''),
    commandLine: boot === null ? null : plainLine(boot.cmdline),
    mounts: mountsIn(text('/etc/fstab') ?? ''),
    biosBoot: readBytes(image, 0, Math.min(BOOT_CODE_BYTES, image.size)).some((byte) => byte !== 0),
    efiBoot: disk.volumes.some((volume) => EFI_LOADERS.some((path) => guestNode(volume, path, budget) !== null)),
    ...driversOf(boot, text),
  }
}

function defaultBoot(disk: Disk, { budget, report }: Looking): Boot | null {
  for (const { menu } of findMenus(disk, budget, report)) {
    const entry = defaultEntry(menu)
    const boot = isRefusal(entry) ? entry : attempt(() => entry.boot())
    if (!isRefusal(boot)) return boot
  }
  return null
}

function nameIn(osRelease: string): string | null {
  const value = /^PRETTY_NAME=(.*)$/m.exec(osRelease)?.[1]?.replaceAll(/^["']|["']$/g, '')
  return value === undefined || value === '' ? null : plainLine(value)
}

/** fstab(5). */
const mountsIn = (fstab: string): GuestSystem['mounts'] =>
  fstab
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .slice(0, MAX_MOUNTS)
    .map((line) => line.split(/\s+/))
    .map(([device = '', on = '']) => ({ device: plainLine(device), on: plainLine(on) }))

type Drivers = Pick<GuestSystem, 'pvDisk' | 'pvNic'>

/** Where a kernel's PV drivers are: its own list of what is built in, the ramdisk that it is given, the modules beside it. */
function driversOf(boot: Boot | null, text: (path: string) => string | null): Drivers {
  if (boot === null) return { pvDisk: 'unknown', pvNic: 'unknown' }
  const version = /vmlinuz-(.+)$/.exec(boot.kernel.path)?.[1]
  const list = (name: string) => (version === undefined ? '' : (text(`/lib/modules/${version}/${name}`) ?? ''))
  const [builtIn, modules] = [list('modules.builtin'), list('modules.dep')]
  let unpacked: readonly (ReadonlySet<string> | null)[] | undefined
  // To unpack them is most of the work, and needless for what is built in.
  const ramdisks = () => (unpacked ??= boot.ramdisks.map(namesIn))
  const before = (driver: string): Drivers['pvDisk'] => {
    if (builtIn.includes(`/${driver}.ko`)) return 'built-in'
    if (ramdisks().some((names) => names?.has(driver))) return 'in-initramfs'
    return ramdisks().length > 0 && ramdisks().every((names) => names !== null) ? 'missing' : 'unknown'
  }
  const nic = before(DRIVERS.nic)
  const isFile = (nic === 'missing' || nic === 'unknown') && modules.includes(`/${DRIVERS.nic}.ko`)
  return { pvDisk: before(DRIVERS.disk), pvNic: isFile ? 'module' : nic }
}

/** The drivers that a ramdisk has; null when it cannot be unpacked. A file's name stands in a cpio archive as it is. */
function namesIn({ node }: GuestFile): ReadonlySet<string> | null {
  const found = attempt(() => {
    const packed = readWhole(node.open(), MAX_RAMDISK.packed)
    const plain = driversNamedIn(packed)
    const start = plain.length === DRIVER_NAMES.length ? null : startOfPacked(packed)
    if (start === null) return { names: plain }
    const limits = { maxBytes: MAX_RAMDISK.unpacked, expectedBytes: packed.length * 4 }
    const unpacked = decompress(packed.subarray(start), limits)
    return isRefusal(unpacked) ? unpacked : { names: [...plain, ...driversNamedIn(unpacked)] }
  })
  return isRefusal(found) ? null : new Set(found.names)
}

const driversNamedIn = (bytes: Buffer) => DRIVER_NAMES.filter((name) => bytes.includes(name))

const CPIO_END = 'TRAILER!!!'

/** Microcode comes first, in an archive that is not packed (Linux Documentation/arch/x86/microcode.rst); null when all is. */
function startOfPacked(bytes: Buffer): number | null {
  if (compressionOf(bytes) !== null) return 0
  const end = bytes.indexOf(CPIO_END)
  if (end < 0) return null
  let at = end + CPIO_END.length
  while (at < bytes.length && bytes[at] === 0) at++
  return at < bytes.length && compressionOf(bytes.subarray(at)) !== null ? at : null
}
