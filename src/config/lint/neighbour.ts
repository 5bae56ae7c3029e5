import type { DiskSpec } from '../device-spec.ts'
import type { GuestSpec } from '../guest-spec.ts'

/** A disk of dom0 that a guest has. */
export interface DiskClaim {
  readonly target: string
  readonly access: DiskSpec['access']
}

/** Another guest or domain of the host, and what of it nobody else may have. */
export interface Neighbour {
  readonly name: string
  readonly uuid?: string | undefined
  /** Its file, where that is checked in the same call: then no other file there may define its name. */
  readonly file?: string
  readonly disks: readonly DiskClaim[]
  readonly macs: readonly string[]
}

/** A target that libxl opens itself as a file of dom0, so not one that a script or another domain makes. */
export const isLocalFile = ({ target, script, backend }: DiskSpec): boolean =>
  target?.startsWith('/') === true && script === undefined && backend === undefined

/** What a guest would have if it ran as it is defined. */
export const neighbourFrom = ({ name, uuid, disks, nics }: GuestSpec): Neighbour => ({
  name,
  uuid,
  disks: disks.filter(isLocalFile).flatMap(({ target, access }) => (target === null ? [] : [{ target, access }])),
  macs: nics.flatMap(({ mac }) => mac ?? []),
})
