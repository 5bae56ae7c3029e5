/**
 * A network interface of a guest, connected as Xen's vif-bridge and vif-openvswitch scripts do it. netback makes vifDOMID.N,
 * and goes on when `hotplug-status` says `connected` (Linux drivers/net/xen-netback/xenbus.c).
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { NetworkInterfaces, mtuOf } from '../../../libxl/network-interface.ts'
import { fail } from '../../../words/errors.ts'
import type { XenstoreClient } from '../../../xenstore/client.ts'
import { below, domainPath } from '../../../xenstore/paths.ts'
import { type Backend, wentAway } from './backend.ts'
import { writeNodes } from './backend-nodes.ts'
import { type BridgeName, bridgeKind, parseBridge } from './bridge.ts'

export interface NicRequest {
  readonly bridge: string
  readonly mtu: number | null
  /** What the interface shall be called; null: vifDOMID.N. */
  readonly vifName: string | null
  /** An emulated card beside it: QEMU has a second interface for the same network. */
  readonly emulated: boolean
  readonly mac: string | null
}

export interface NicTools {
  readonly xenstore: XenstoreClient
  /** How long one ovs-vsctl may take. */
  readonly openVswitchMs: number
}

interface Port {
  readonly name: string
  readonly bridge: BridgeName
  readonly mtu: number | null
}

/** Throws `host-lacks` when bridge or interface is missing, or what the kernel says. The interface itself ends with its backend. */
export async function connectNic(tools: NicTools, backend: Backend, request: NicRequest): Promise<void> {
  const bridge = parseBridge(request.bridge)
  const mtu = request.mtu ?? mtuOf(bridge.name)
  const [own, ...others] = names(backend, request)
  if (own !== undefined) await addPort(tools, own, { bridge, mtu }, request.mac)
  for (const tap of others) await addPort(tools, tap, { bridge, mtu }, request.mac)
  // The node is libxl's, and the guest reads it; where it is gone, so is the guest.
  if (mtu !== null && (await tools.xenstore.read(frontendMtu(backend))) !== null)
    await tools.xenstore.write(frontendMtu(backend), String(mtu))
  if ((await writeNodes(tools.xenstore, backend, { 'hotplug-status': 'connected' })) === 'gone') throw wentAway(backend)
}

/** Open vSwitch remembers ports by name when their interface has gone. */
export async function disconnectNic(tools: NicTools, backend: Backend, request: NicRequest): Promise<void> {
  if (bridgeKind(parseBridge(request.bridge).name) !== 'open-vswitch') return
  for (const { to } of names(backend, request)) await openVswitch(tools, ['--if-exists', 'del-port', to])
}

const frontendMtu = ({ domid, devid }: Backend) => below(domainPath(domid), 'device', 'vif', devid, 'mtu')

/** How Linux and QEMU name the interfaces, and what they shall be called. */
function names({ domid, devid }: Backend, { vifName, emulated }: NicRequest) {
  const vif = `vif${domid}.${devid}`
  const own = { is: vif, to: vifName ?? vif }
  return emulated ? [own, { is: `${vif}-emu`, to: `${own.to}-emu` }] : [own]
}

async function addPort(
  tools: NicTools,
  { is, to }: { readonly is: string; readonly to: string },
  { bridge, mtu }: Omit<Port, 'name'>,
  mac: string | null,
): Promise<void> {
  using interfaces = new NetworkInterfaces()
  if (is !== to) {
    if (existsSync(`/sys/class/net/${to}`)) throw fail('host-lacks', { what: `dom0 has an interface ${to} already` })
    interfaces.rename(is, to)
  }
  interfaces.setPortAddress(to)
  if (mtu !== null) interfaces.setMtu(to, mtu)
  await joinBridge(tools, interfaces, { name: to, bridge, mtu }, mac)
  interfaces.setUp(to)
}

async function joinBridge(tools: NicTools, interfaces: NetworkInterfaces, { name, bridge }: Port, mac: string | null) {
  const kind = bridgeKind(bridge.name)
  if (kind === 'linux') {
    interfaces.addToBridge(bridge.name, name)
    return
  }
  if (kind === 'none') throw fail('host-lacks', { what: `dom0 has no bridge ${bridge.name}` })
  const tag = bridge.vlan === null ? [] : [`tag=${bridge.vlan}`]
  const trunks = bridge.trunks.length === 0 ? [] : [`trunks=${bridge.trunks.join(',')}`]
  const identity = mac === null ? [] : ['--', 'set', 'interface', name, `external-ids:attached-mac="${mac}"`]
  const add = ['--', 'add-port', bridge.name, name, ...tag, ...trunks]
  await openVswitch(tools, ['--', '--if-exists', 'del-port', name, ...add, ...identity])
}

async function openVswitch({ openVswitchMs }: NicTools, words: readonly string[]): Promise<void> {
  const seconds = Math.max(1, Math.round(openVswitchMs / 1000))
  await promisify(execFile)('ovs-vsctl', [`--timeout=${seconds}`, ...words])
}
