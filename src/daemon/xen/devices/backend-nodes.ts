import { CONNECT_SHARED } from '../../../libxl/domain-config/devices.ts'
import type { XenstoreClient } from '../../../xenstore/client.ts'
import { below, domainVm } from '../../../xenstore/paths.ts'
import type { Backend, BackendKind } from './backend.ts'
import type { DiskRequest } from './connect-disk.ts'
import type { NicRequest } from './connect-nic.ts'

/** A backend's nodes that libxl writes (libxl_disk.c, libxl_nic.c), and what has become of it. */
export interface BackendNodes {
  readonly script: string
  /** `/vm/UUID` of the guest. */
  readonly vm: string | null
  readonly isConnected: boolean
  /** netback makes the interface before it goes to XenbusStateInitWait. */
  readonly hasInterface: boolean
  readonly values: Readonly<Partial<Record<Node, string>>>
}

const common = ['script', 'state', 'hotplug-status'] as const
const nodesOf = {
  vbd: [...common, 'physical-device', 'params', 'mode', 'direct-io-safe'],
  vif: [...common, 'bridge', 'mtu', 'vifname', 'type', 'mac'],
} as const satisfies Record<BackendKind, readonly string[]>
type Node = (typeof nodesOf)[BackendKind][number]

/** enum xenbus_state (xen/include/public/io/xenbus.h). */
const INIT_WAIT = 2
const CLOSING = 5

/** Null when they are gone. All are read at once. */
export async function readNodes(xenstore: XenstoreClient, backend: Backend): Promise<BackendNodes | null> {
  const nodes: readonly Node[] = nodesOf[backend.kind]
  const [vm, ...read] = await Promise.all([
    xenstore.readText(domainVm(backend.domid)),
    ...nodes.map((node) => xenstore.readText(below(backend.path, node))),
  ])
  const values: Partial<Record<Node, string>> = {}
  nodes.forEach((node, index) => {
    const value = read[index] ?? null
    if (value !== null) values[node] = value
  })
  const { script, state, 'physical-device': device, 'hotplug-status': status } = values
  if (script === undefined) return null
  const isConnected = backend.kind === 'vbd' ? device !== undefined : status === 'connected'
  return { script, vm: vm ?? null, isConnected, hasInterface: Number(state) >= INIT_WAIT, values }
}

export const diskRequest = ({ vm, script, values }: BackendNodes): DiskRequest => ({
  target: values.params ?? '',
  access: values.mode?.includes('w') === true ? 'read-write' : 'read-only',
  sharing: script === CONNECT_SHARED || values.mode?.includes('!') === true ? 'wanted' : 'refused',
  directIoSafe: values['direct-io-safe'] === '1',
  vm,
})

export const nicRequest = ({ values }: BackendNodes): NicRequest => ({
  bridge: values.bridge ?? '',
  mtu: values.mtu === undefined ? null : Number(values.mtu),
  vifName: values.vifname ?? null,
  emulated: values.type === 'vif_ioemu',
  mac: values.mac ?? null,
})

/** Says that the device is connected, or why not, if the backend is still wanted: nodes that went must not come back. */
export async function writeNodes(
  xenstore: XenstoreClient,
  backend: Backend,
  values: Readonly<Record<string, string>>,
): Promise<'written' | 'gone'> {
  return await xenstore.transaction(async (within) => {
    const [script, state] = await Promise.all([
      within.readText(below(backend.path, 'script')),
      within.readText(below(backend.path, 'state')),
    ])
    if (script === null || Number(state) >= CLOSING) return 'gone'
    await Promise.all(Object.entries(values).map(([node, value]) => within.write(below(backend.path, node), value)))
    return 'written'
  })
}
