/** Which devices of a configuration tetrarchd connects by itself, and which are left to the scripts of Xen and of users. */
import { existsSync, readFileSync } from 'node:fs'
import type { JsonObject, JsonValue } from '../../../libxl/requests.ts'
import { bridgeKind, parseBridge } from './bridge.ts'

/** What of dom0 decides it. */
export interface NetworkRules {
  /** Xen's scripts would let bridged packets through the firewall that sees them, or run what an administrator put there. */
  readonly needScripts: boolean
  /** Xen's scripts let a guest send from its `ip` alone. Debian has taken that from them (its bug 894013). */
  readonly scriptsFilter: boolean
  readonly kindOf: typeof bridgeKind
}

const BRIDGE_FIREWALL = '/proc/sys/net/bridge/bridge-nf-call-iptables'
const HOOKS = '/etc/xen/scripts/vif-post.d'
const COMMON = '/etc/xen/scripts/vif-common.sh'
/** The function that adds the rules, left at its first command. */
const LEFT_AT_ONCE = /^handle_iptable\(\)\s*\{\s*(#.*\s+)*return 0$/m
/** libxl's own default (libxl_nic.c, libxl__device_nic_setdefault). */
const DEFAULT_BRIDGE = 'xenbr0'

export function networkRules(): NetworkRules {
  const scriptsFilter = !LEFT_AT_ONCE.test(readText(COMMON))
  const needScripts = existsSync(HOOKS) || (scriptsFilter && readText(BRIDGE_FIREWALL) === '1')
  return { needScripts, scriptsFilter, kindOf: bridgeKind }
}

/** The same configuration with our program as the script of every device that we connect. */
export function withOurScript(config: JsonObject, program: string, rules: NetworkRules): JsonObject {
  // A stub domain has the disks and interfaces of its guest as well, and connects them at another time.
  if (object(config['b_info'])['device_model_stubdomain'] === 'True') return config
  const give = (isOurs: (device: JsonObject) => boolean) => (device: JsonValue) =>
    isOurs(object(device)) ? { ...object(device), script: program } : device
  const listed = (key: string, isOurs: (device: JsonObject) => boolean) => {
    const list = config[key]
    return Array.isArray(list) ? { [key]: (list as readonly JsonValue[]).map(give(isOurs)) } : {}
  }
  return { ...config, ...listed('disks', isOurDisk), ...listed('nics', (nic) => isOurNic(nic, rules)) }
}

/** The same without our program: what a running domain is told to have may be connected by others the next time. */
export function withoutOurScript(config: JsonObject, program: string): JsonObject {
  const take = (device: JsonValue): JsonObject => {
    const { script, ...others } = object(device)
    return script === undefined || script === program ? others : { ...others, script }
  }
  const listed = (key: string) => {
    const list = config[key]
    return Array.isArray(list) ? { [key]: (list as readonly JsonValue[]).map(take) } : {}
  }
  return { ...config, ...listed('disks'), ...listed('nics') }
}

/** What libxl gives to blkback in dom0 by Xen's block script. */
function isOurDisk({ script, backend, backend_domname, format, is_cdrom, pdev_path }: JsonObject): boolean {
  if (script !== undefined || backend_domname !== undefined || is_cdrom === 1) return false
  const path = typeof pdev_path === 'string' && pdev_path.startsWith('/')
  return path && format === 'raw' && (backend === undefined || backend === 'phy')
}

/**
 * What libxl puts into a bridge by Xen's vif-bridge, which knows nothing of Open vSwitch. A gateway is for a script that routes;
 * the firewall sees no packet of Open vSwitch.
 */
function isOurNic({ script, backend_domname, ip, gatewaydev, bridge }: JsonObject, rules: NetworkRules): boolean {
  if (script !== undefined || backend_domname !== undefined || gatewaydev !== undefined) return false
  const kind = rules.kindOf(parseBridge(typeof bridge === 'string' ? bridge : DEFAULT_BRIDGE).name)
  const filtered = rules.needScripts || (ip !== undefined && rules.scriptsFilter)
  return kind === 'open-vswitch' || (kind === 'linux' && !filtered)
}

const object = (value: JsonValue | undefined): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return ''
  }
}
