/**
 * A domain's devices as libxl recorded them in its own tree, with the state their backends are in.
 * Nothing a guest can write decides what is read: /libxl/DOMID is the toolstack's, and the backend path that stands
 * there is taken only if it has the one form it can have, for this very device (XSA-175, XSA-178).
 */
import type { Domid, XenstorePath } from '../words/ids.ts'
import type { Operations } from './operations.ts'
import { below, libxlDevice, libxlDevices, parseBackendPath } from './paths.ts'

/** Where a device's handshake stands (xen/include/public/io/xenbus.h, enum xenbus_state). `connected` means that the guest has a driver for it. */
export type XenbusState = (typeof XENBUS_STATES)[number]
const XENBUS_STATES = [
  'unknown',
  'initialising',
  'init-wait',
  'initialised',
  'connected',
  'closing',
  'closed',
  'reconfiguring',
  'reconfigured',
] as const

/** What every device has. */
interface DeviceFacts {
  readonly devid: number
  readonly backendDomid: Domid
  /** libxl's name of the backend: vbd, qdisk, vif, console, vfb, … */
  readonly backendKind: string
  readonly backend: XenstorePath
  /** Null when the backend is gone or its state is none of Xen's. */
  readonly state: XenbusState | null
}

export interface DiskFacts extends DeviceFacts {
  readonly kind: 'vbd'
  /** The name the configuration gave it: xvda, hdc, sda … */
  readonly vdev: string | null
  /** The backend's own words: a block device or file, for qdisk with its format before it (`qcow2:/path`); empty for a drive without a medium. */
  readonly params: string | null
  /** The block device that a hotplug script found for it, such as the loop device of a file; null where none ran. */
  readonly blockDevice: string | null
  /** phy or qdisk. */
  readonly backendType: string | null
  readonly access: 'read-write' | 'read-only'
  readonly cdrom: boolean
}

export interface NicFacts extends DeviceFacts {
  readonly kind: 'vif'
  readonly mac: string | null
  readonly bridge: string | null
  readonly script: string | null
  /** `vif` for one without an emulated card (libxl_nic.c, libxl__set_xenstore_nic). */
  readonly type: string | null
  /** The backend's own name in dom0, where the definition gives one. */
  readonly vifName: string | null
}

export interface OtherDeviceFacts extends DeviceFacts {
  readonly kind: 'other'
  /** libxl's name of the frontend: console, vfb, vkbd, pci, 9pfs, … */
  readonly frontendKind: string
}

export type Device = DiskFacts | NicFacts | OtherDeviceFacts

export interface DeviceLimits {
  /** The most devices of one kind that are read; the rest is left out. Default: 512. */
  readonly devicesOfAKind?: number
  /** The most kinds that are read. Default: 64 (libxl knows 17). */
  readonly kinds?: number
  /** Values longer than this, in characters, count as absent. Default: 1,024. */
  readonly valueLength?: number
}

const defaults = { devicesOfAKind: 512, kinds: 64, valueLength: 1_024 }
const DEVID = /^\d{1,10}$/

/** The devices of a domain in the order of kind and number; none for a domain that is gone. Rejects with `xenstore-failed`. */
export async function readDevices(client: Operations, domid: Domid, limits: DeviceLimits = {}): Promise<Device[]> {
  const most = { ...defaults, ...limits }
  const root = libxlDevices(domid)
  const kinds = ((await client.directory(root)) ?? []).sort().slice(0, most.kinds)
  const ofEachKind = await Promise.all(
    kinds.map(async (kind) => {
      const names = (await client.directory(below(root, kind))) ?? []
      const devids = names.filter((name) => DEVID.test(name)).map(Number)
      const sorted = devids.sort((a, b) => a - b).slice(0, most.devicesOfAKind)
      return await Promise.all(sorted.map((devid) => readDevice(client, { domid, kind, devid }, most.valueLength)))
    }),
  )
  return ofEachKind.flat().filter((device) => device !== null)
}

async function readDevice(
  client: Operations,
  { domid, kind, devid }: { domid: Domid; kind: string; devid: number },
  valueLength: number,
): Promise<Device | null> {
  const recorded = libxlDevice(domid, kind, devid)
  const read = async (name: string) => {
    const text = await client.readText(below(recorded, name))
    return text === null || text.length > valueLength ? null : text
  }
  const backend = parseBackendPath((await read('backend')) ?? '')
  if (backend === null || backend.domid !== domid || backend.devid !== devid) return null

  const { path, backendDomid, backendKind } = backend
  const state = xenbusState(await client.readText(below(path, 'state')))
  const facts = { devid, backendDomid, backendKind, backend: path, state }
  if (kind === 'vbd') {
    const blockDevice = await client.readText(below(path, 'physical-device-path'))
    const isShort = blockDevice !== null && blockDevice.length <= valueLength
    return { kind, ...facts, ...(await diskFacts(read)), blockDevice: isShort ? blockDevice : null }
  }
  if (kind === 'vif') return { kind, ...facts, ...(await nicFacts(read)) }
  return { kind: 'other', frontendKind: kind, ...facts }
}

type ReadValue = (name: string) => Promise<string | null>

/** The nodes that libxl_disk.c (device_disk_add) writes. */
async function diskFacts(read: ReadValue) {
  const [vdev, params, backendType, mode, deviceType] = await Promise.all(
    ['dev', 'params', 'type', 'mode', 'device-type'].map(read),
  )
  return {
    vdev: vdev ?? null,
    params: params ?? null,
    backendType: backendType ?? null,
    access: mode === 'w' ? 'read-write' : 'read-only',
    cdrom: deviceType === 'cdrom',
  } as const
}

/** The nodes that libxl_nic.c (libxl__set_xenstore_nic) writes. */
async function nicFacts(read: ReadValue) {
  const [mac, bridge, script, type, vifName] = await Promise.all(
    ['mac', 'bridge', 'script', 'type', 'vifname'].map(read),
  )
  return {
    mac: mac ?? null,
    bridge: bridge ?? null,
    script: script ?? null,
    type: type ?? null,
    vifName: vifName ?? null,
  }
}

function xenbusState(text: string | null): XenbusState | null {
  return text !== null && /^\d$/.test(text) ? (XENBUS_STATES[Number(text)] ?? null) : null
}
