import { z } from 'zod'
import type { Device } from '../../api/guest.ts'
import type { JsonObject } from '../../libxl/requests.ts'
import type { LibxlType } from '../../modes/mode.ts'
import { type Uuid, uuid } from '../../words/ids.ts'

/** What the simulation needs to know of a domain, whoever makes it. */
export interface SimulatedPlan {
  readonly name: string
  readonly uuid: Uuid
  readonly libxlType: LibxlType
  readonly memoryMiB: number
  readonly vcpus: number
  /** The Xen platform PCI device is there: an HVM guest can find its PV drivers. */
  readonly platformPci: boolean
  /** QEMU serves it. */
  readonly deviceModel: boolean
  /** Disks and nics, none of them connected. */
  readonly devices: readonly Device[]
}

const disk = z.object({
  vdev: z.string(),
  pdev_path: z.string().optional(),
  backend: z.string().default('phy'),
  format: z.string().default('raw'),
})
const nic = z.object({ bridge: z.string().optional(), devid: z.int().optional() })

/** The keys of libxl's JSON (libxl_types.idl, libxl_domain_config) that show in a domain; others are of no concern here. */
const domainConfig = z.object({
  c_info: z.object({ type: z.enum(['pv', 'pvh', 'hvm']), name: z.string(), uuid: z.string() }),
  b_info: z.object({
    max_memkb: z.int(),
    target_memkb: z.int().optional(),
    max_vcpus: z.int().default(1),
    'type.hvm': z.object({ xen_platform_pci: z.enum(['True', 'False', '<default>']).default('True') }).optional(),
  }),
  disks: z.array(disk).default([]),
  nics: z.array(nic).default([]),
  vfbs: z.array(z.unknown()).default([]),
})

/** Formats that only a QEMU can serve. */
const QEMU_FORMATS = ['qcow', 'qcow2', 'vhd', 'qed']

/** Reads a libxl domain configuration as libxl_domain_config_to_json writes it. Throws a ZodError: its maker is wrong. */
export function planOf(config: JsonObject): SimulatedPlan {
  const { c_info, b_info, disks, nics, vfbs } = domainConfig.parse(config)
  const diskBackend = ({ backend, format }: z.infer<typeof disk>) => (QEMU_FORMATS.includes(format) ? 'qdisk' : backend)
  return {
    name: c_info.name,
    uuid: uuid(c_info.uuid),
    libxlType: c_info.type,
    memoryMiB: Math.ceil((b_info.target_memkb ?? b_info.max_memkb) / 1024),
    vcpus: b_info.max_vcpus,
    platformPci: b_info['type.hvm'] !== undefined && b_info['type.hvm'].xen_platform_pci !== 'False',
    deviceModel: c_info.type === 'hvm' || vfbs.length > 0 || disks.some((each) => diskBackend(each) === 'qdisk'),
    devices: [
      ...disks.map((each) => ({
        kind: 'disk' as const,
        name: each.vdev,
        backend: diskBackend(each),
        target: each.pdev_path ?? null,
        connected: false,
      })),
      ...nics.map((each, index) => ({
        kind: 'nic' as const,
        name: `vif${each.devid ?? index}`,
        backend: 'vif',
        target: each.bridge ?? null,
        connected: false,
      })),
    ],
  }
}
