/**
 * The xenstore paths the daemon uses, each from libxl's sources (tools/libs/light, Xen 4.17 to 4.20).
 * /libxl, /vm and dom0's own tree are written by the toolstack alone. Below /local/domain/DOMID, a guest can write
 * `control/shutdown`, `data`, `drivers`, `feature`, `attr`, `error` and its frontends: what stands there is hostile.
 */
import type { Domid, Uuid, XenstorePath } from '../words/ids.ts'
import { domid as asDomid } from '../words/ids.ts'

/** XENSTORE_ABS_PATH_MAX (xs_wire.h), in bytes. */
export const PATH_MAX_BYTES = 3072
const PATH = /^\/(?:[A-Za-z0-9_@-]+(?:\/[A-Za-z0-9_@-]+)*)?$/
const NAME = /^[A-Za-z0-9_@-]+$/

/** Whether both xenstoreds take this as one part of a path. */
export const isNodeName = (text: string): boolean => NAME.test(text)
export const isXenstorePath = (text: string): text is XenstorePath => text.length <= PATH_MAX_BYTES && PATH.test(text)

/** Brands an absolute path; relative ones are refused, since they mean dom0's own tree. Throws a RangeError: that is a mistake of ours. */
export function xenstorePath(text: string): XenstorePath {
  if (!isXenstorePath(text)) throw new RangeError(`not a xenstore path: ${JSON.stringify(text)}`)
  return text
}

/** `parent/a/b`. Throws a RangeError for parts that no path can have. */
export const below = (parent: XenstorePath, ...parts: readonly (string | number)[]): XenstorePath =>
  xenstorePath([parent === '/' ? '' : parent, ...parts].join('/'))

const at = (text: string) => text as XenstorePath
const DOM0 = asDomid(0)

/** `/local/domain/DOMID`: owned by dom0, readable by the domain. */
export const domainPath = (domid: Domid) => at(`/local/domain/${domid}`)
export const domainName = (domid: Domid) => at(`/local/domain/${domid}/name`)
/** Holds the domain's `/vm/UUID` (libxl_create.c). */
export const domainVm = (domid: Domid) => at(`/local/domain/${domid}/vm`)
/** Balloon target in KiB (libxl_mem.c). */
export const memoryTarget = (domid: Domid) => at(`/local/domain/${domid}/memory/target`)
/** The toolstack asks with `poweroff`, `reboot`, `suspend`; the guest answers by emptying it. Guest-writable. */
export const controlShutdown = (domid: Domid) => at(`/local/domain/${domid}/control/shutdown`)

/** The pty of the PV console, written by xenconsoled (or by libxl for a console that QEMU serves). */
export const consoleTty = (domid: Domid) => at(`/local/domain/${domid}/console/tty`)
/** The pty of an HVM guest's serial port, which libxl learns from QEMU (libxl_dm.c, device model postconfig). */
export const serialTty = (domid: Domid, port: number) => at(`/local/domain/${domid}/serial/${port}/tty`)

/** Where QEMU shows the screen, as libxl learned it: `vnc-listen`, `vnc-port`, `vnc-pass` (libxl_dm.c, device model postconfig). */
export const vncNode = (domid: Domid, node: 'listen' | 'port' | 'pass') =>
  at(`/local/domain/${domid}/console/vnc-${node}`)

export const vmPath = (uuid: Uuid) => at(`/vm/${uuid}`)
/** Seconds since the epoch with two decimals (libxl_create.c). */
export const vmStartTime = (uuid: Uuid) => at(`/vm/${uuid}/start_time`)

/** `pv`, `pvh` or `hvm` in libxl's own directory, which no guest reads or writes: the type libxl built, which libxl_list_domain reports wrongly for PVH. */
export const libxlType = (domid: Domid) => at(`/libxl/${domid}/type`)
export const libxlDevices = (domid: Domid) => at(`/libxl/${domid}/device`)
export const libxlDevice = (domid: Domid, kind: string, devid: number) => below(libxlDevices(domid), kind, devid)

/** Where the backend of a device lives, in the tree of the domain that serves it. */
export const backendPath = (backendDomid: Domid, kind: string, domid: Domid, devid: number) =>
  below(domainPath(backendDomid), 'backend', kind, domid, devid)

/** `running` once the QEMU that serves the domain is ready (DEVICE_MODEL_XS_PATH, libxl_internal.h). */
export const deviceModelState = (domid: Domid) => below(domainPath(DOM0), 'device-model', domid, 'state')
/** The pid of the QEMU that serves the domain: an HVM guest's device model or a PV guest's backends (libxl_dm.c, spawn->pidpath). Not writable by the guest. */
export const deviceModelPid = (domid: Domid) => below(domainPath(domid), 'image', 'device-model-pid')
/** The pid of a QEMU started for qdisk backends alone, as `xl devd` does (libxl_dm.c, libxl__spawn_qdisk_backend). */
export const qdiskBackendPid = (domid: Domid) => below(domainPath(DOM0), 'libxl', domid, 'qdisk-backend-pid')

/** A backend path taken apart; null for anything that is not exactly `/local/domain/B/backend/KIND/DOMID/DEVID`. */
export function parseBackendPath(
  text: string,
): { path: XenstorePath; backendDomid: Domid; backendKind: string; domid: Domid; devid: number } | null {
  const match = /^\/local\/domain\/(\d{1,5})\/backend\/([a-z0-9_]{1,16})\/(\d{1,5})\/(\d{1,10})$/.exec(text)
  if (match === null) return null
  const [, backend = '', backendKind = '', domain = '', devid = ''] = match
  try {
    return {
      path: xenstorePath(text),
      backendDomid: asDomid(Number(backend)),
      backendKind,
      domid: asDomid(Number(domain)),
      devid: Number(devid),
    }
  } catch {
    return null
  }
}
