import { existsSync, readFileSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { type NicDefaults, readNicDefaults } from '../../config/nic-defaults.ts'
import type { PhysicalInfo, Xenctrl } from '../../libxl/xenctrl.ts'
import type { HostFacts } from '../../modes/facts.ts'
import type { Capability } from '../../words/capabilities.ts'

/** Linux Documentation/ABI/stable/sysfs-hypervisor-xen. */
const VERSION_FOLDER = '/sys/hypervisor/version'

/** Such as `4.17.7`: `extra` holds `.7` and what a distribution adds. */
async function readXenVersion(): Promise<string> {
  const [major, minor, extra] = await Promise.all(
    ['major', 'minor', 'extra'].map(async (part) => (await readFile(`${VERSION_FOLDER}/${part}`, 'utf8')).trim()),
  )
  return `${major ?? ''}.${minor ?? ''}${extra ?? ''}`
}

/** What of a host does not change while it runs: read once. */
export interface HostProperties {
  readonly xenVersion: string
  /** Xen's own list of guest types: `xen-3.0-x86_64 hvm-3.0-x86_32p …` (Linux Documentation/ABI/stable/sysfs-hypervisor-xen). */
  readonly guestTypes: string
  readonly numaNodes: HostFacts['numaNodes']
}

export async function readHostProperties(xenctrl: Pick<Xenctrl, 'numaNodes'>): Promise<HostProperties> {
  const guestTypes = await readFile('/sys/hypervisor/properties/capabilities', 'utf8').catch(() => '')
  return { xenVersion: await readXenVersion(), guestTypes, numaNodes: xenctrl.numaNodes() }
}

/** Where libxl looks for the shim (LIBXL_XENFIRMWAREDIR of its build), as Debian and Xen's own makefiles place it. */
const shimPlaces = (xenVersion: string): readonly string[] => {
  const release = xenVersion.split('.').slice(0, 2).join('.')
  return [`/usr/lib/xen-${release}/boot/xen-shim`, '/usr/lib/xen/boot/xen-shim', '/usr/local/lib/xen/boot/xen-shim']
}

/** Tells what xl.conf says now: as for xl, what is changed there counts at once. It is read again when it has changed. */
export function nicDefaultsIn(xlConf: string): () => NicDefaults {
  let read: { readonly version: string; readonly defaults: NicDefaults } | null = null
  return () => {
    try {
      const { ino, size, mtimeMs, ctimeMs } = statSync(xlConf)
      const version = [ino, size, mtimeMs, ctimeMs].join(' ')
      if (read?.version !== version) read = { version, defaults: readNicDefaults(readFileSync(xlConf, 'utf8'), xlConf) }
      return read.defaults
    } catch {
      return {}
    }
  }
}

export function toHostFacts(
  { xenVersion, guestTypes, numaNodes }: HostProperties,
  { caps, totalKiB, freeKiB, cpus }: PhysicalInfo,
  nicDefaults: NicDefaults,
): HostFacts {
  const found: readonly [Capability, boolean][] = [
    ['pv', caps.pv],
    ['pv32', caps.pv && / xen-\d+\.\d+-x86_32p /.test(` ${guestTypes.trim()} `)],
    ['hvm', caps.hvm],
    ['hap', caps.hap],
    ['shadow', caps.shadow],
    ['iommu', caps.directio],
    ['shim', shimPlaces(xenVersion).some((place) => existsSync(place))],
  ]
  return {
    xenVersion,
    capabilities: new Set(found.filter(([, has]) => has).map(([name]) => name)),
    cpus,
    numaNodes,
    memoryMiB: Math.floor(totalKiB / 1024),
    freeMemoryMiB: Math.floor(freeKiB / 1024),
    nicDefaults,
  }
}
