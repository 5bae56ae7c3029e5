import { existsSync } from 'node:fs'

export interface BridgeName {
  readonly name: string
  readonly vlan: number | null
  readonly trunks: readonly number[]
}

/** Where Open vSwitch listens for ovs-vsctl. */
const OPEN_VSWITCH = '/run/openvswitch/db.sock'

/** An interface that is a bridge of Linux has this folder; one of Open vSwitch has none. */
export function bridgeKind(name: string): 'linux' | 'open-vswitch' | 'none' {
  if (existsSync(`/sys/class/net/${name}/bridge`)) return 'linux'
  return existsSync(`/sys/class/net/${name}`) && existsSync(OPEN_VSWITCH) ? 'open-vswitch' : 'none'
}

/** `NAME[.VLAN][:TRUNK…]`, as Xen's vif-openvswitch takes it; an interface of the whole name comes first. */
export function parseBridge(text: string): BridgeName {
  const match = /^([^.:]+)(?:\.(\d{1,4}))?((?::\d{1,4})*)$/.exec(text)
  if (match === null || bridgeKind(text) !== 'none') return { name: text, vlan: null, trunks: [] }
  const [, name = '', vlan, trunks = ''] = match
  return { name, vlan: vlan === undefined ? null : Number(vlan), trunks: trunks.split(':').filter(Boolean).map(Number) }
}
