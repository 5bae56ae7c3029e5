import { z } from 'zod'
import type { Device } from '../../api/guest.ts'
import type { JsonObject } from '../../libxl/requests.ts'
import { type LibxlType, domainTypeNames, isWholePc } from '../../modes/domain-type.ts'
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
  /** Xen's PV shim runs in it. */
  readonly shim: boolean
  /** QEMU serves it. */
  readonly deviceModel: boolean
  /** Its screen, null for a guest without. */
  readonly vnc: { readonly password: string | null } | null
  /** Disks and nics, none of them connected. */
  readonly devices: readonly Device[]
}

const disk = z.object({
  vdev: z.string(),
  pdev_path: z.string().optional(),
  backend: z.string().default('phy'),
  format: z.string().default('raw'),
})
const vnc = z.object({
  enable: z.enum(['True', 'False', '<default>']).default('<default>'),
  passwd: z.string().optional(),
})
const nic = z.object({ bridge: z.string().optional(), devid: z.int().optional() })

/** The keys of libxl's JSON (libxl_types.idl, libxl_domain_config) that show in a domain; others are of no concern here. */
const domainConfig = z.object({
  c_info: z.object({ type: z.enum(domainTypeNames), name: z.string(), uuid: z.string() }),
  b_info: z.object({
    max_memkb: z.int(),
    target_memkb: z.int().optional(),
    max_vcpus: z.int().default(1),
    'type.pvh': z.object({ pvshim: z.string().optional() }).optional(),
    'type.hvm': z
      .object({ xen_platform_pci: z.enum(['True', 'False', '<default>']).default('True'), vnc: vnc.optional() })
      .optional(),
  }),
  disks: z.array(disk).default([]),
  nics: z.array(nic).default([]),
  vfbs: z.array(z.object({ vnc: vnc.optional() })).default([]),
})

/** A domain that another toolstack made, unless something else is said of it. */
export const foreignDefaults = {
  libxlType: 'pvh',
  memoryMiB: 128,
  vcpus: 1,
  platformPci: false,
  shim: false,
  deviceModel: false,
  vnc: null,
  devices: [],
} as const

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
    shim: b_info['type.pvh']?.pvshim === 'True',
    vnc: screenOf(b_info['type.hvm']?.vnc ?? vfbs[0]?.vnc),
    deviceModel: isWholePc(c_info.type) || vfbs.length > 0 || disks.some((each) => diskBackend(each) === 'qdisk'),
    devices: [
      ...disks.map((each) => ({
        kind: 'disk' as const,
        name: each.vdev,
        backend: diskBackend(each),
        target: each.pdev_path ?? null,
        connected: false,
        emulation: 'none' as const,
      })),
      ...nics.map((each, index) => ({
        kind: 'nic' as const,
        name: `vif${each.devid ?? index}`,
        backend: 'vif',
        target: each.bridge ?? null,
        connected: false,
        emulation: 'none' as const,
      })),
    ],
  }
}

/** A domain as libxl_retrieve_domain_configuration tells it, as far as that is of concern here. */
export const configOf = ({ devices, name, uuid: id, libxlType, memoryMiB, vcpus }: SimulatedPlan): JsonObject => ({
  c_info: { type: libxlType, name, uuid: id },
  b_info: { max_memkb: memoryMiB * 1024, max_vcpus: vcpus },
  disks: devices
    .filter(({ kind }) => kind === 'disk')
    .map(({ name, backend, target }) => ({ vdev: name, backend, pdev_path: target })),
  nics: devices
    .filter(({ kind }) => kind === 'nic')
    .map(({ name, target }) => ({ devid: Number(name.replace(/^vif/, '')), bridge: target })),
})

const screenOf = (settings: z.infer<typeof vnc> | undefined): SimulatedPlan['vnc'] =>
  settings?.enable === 'True' ? { password: settings.passwd ?? null } : null
