import { readFile } from 'node:fs/promises'
import type { PhysicalInfo } from '../../libxl/xenctrl.ts'
import type { HostFacts } from '../../modes/facts.ts'
import type { Capability } from '../../words/capabilities.ts'

/** Linux Documentation/ABI/stable/sysfs-hypervisor-xen. */
const VERSION_FOLDER = '/sys/hypervisor/version'

/** Such as `4.17.7`: `extra` holds `.7` and what a distribution adds. */
export async function readXenVersion(): Promise<string> {
  const [major, minor, extra] = await Promise.all(
    ['major', 'minor', 'extra'].map(async (part) => (await readFile(`${VERSION_FOLDER}/${part}`, 'utf8')).trim()),
  )
  return `${major ?? ''}.${minor ?? ''}${extra ?? ''}`
}

export function toHostFacts(xenVersion: string, { caps, totalKiB, freeKiB, cpus }: PhysicalInfo): HostFacts {
  const found: readonly [Capability, boolean][] = [
    ['pv', caps.pv],
    ['hvm', caps.hvm],
    ['hap', caps.hap],
    ['iommu', caps.directio],
  ]
  return {
    xenVersion,
    capabilities: new Set(found.filter(([, has]) => has).map(([name]) => name)),
    cpus,
    memoryMiB: Math.floor(totalKiB / 1024),
    freeMemoryMiB: Math.floor(freeKiB / 1024),
  }
}
