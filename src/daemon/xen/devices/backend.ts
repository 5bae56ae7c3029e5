/** The backends of disks and network interfaces in dom0, as xenstore names them. */
import { fail } from '../../../words/errors.ts'
import { type Domid, type XenstorePath, domid as asDomid } from '../../../words/ids.ts'
import { backendPath, below, domainPath } from '../../../xenstore/paths.ts'

export const backendKinds = ['vbd', 'vif'] as const
export type BackendKind = (typeof backendKinds)[number]

export interface Backend {
  readonly kind: BackendKind
  readonly domid: Domid
  readonly devid: number
  readonly path: XenstorePath
}

const DOM0 = asDomid(0)

export const backendRoot = (kind: BackendKind): XenstorePath => below(domainPath(DOM0), 'backend', kind)

export const backendOf = (kind: BackendKind, domid: Domid, devid: number): Backend => ({
  kind,
  domid,
  devid,
  path: backendPath(DOM0, kind, domid, devid),
})

/** `vbd-7-51712`: how log lines and the verdict's file name it. */
export const backendName = ({ kind, domid, devid }: Backend): string => `${kind}-${domid}-${devid}`

export const wentAway = (backend: Backend) =>
  fail('cancelled', { what: 'the device was taken away while it was being connected', where: backendName(backend) })

/** What an event below a kind's root is about. */
export type Change =
  | { readonly what: 'all' }
  | { readonly what: 'domain'; readonly domid: Domid }
  | { readonly what: 'backend'; readonly backend: Backend; readonly node: string | null }

/** Null for a path that no toolstack writes. */
export function changeAt(kind: BackendKind, path: string): Change | null {
  const root = backendRoot(kind)
  if (path === root) return { what: 'all' }
  const match = /^\/(\d{1,5})(?:\/(\d{1,10})(?:\/(.+))?)?$/.exec(path.slice(root.length))
  if (match === null) return null
  const domid = asDomid(Number(match[1]))
  if (match[2] === undefined) return { what: 'domain', domid }
  return { what: 'backend', backend: backendOf(kind, domid, Number(match[2])), node: match[3] ?? null }
}
