/** What follows when a guest has ended by itself: its on_* keys, as data. */
import type { EndReason } from '../../api/guest.ts'
import type { GuestSpec, ShutdownAction } from '../../config/guest-spec.ts'
import { isWholePc } from '../../modes/domain-type.ts'
import type { GuestEntry } from './guest-entry.ts'

export interface Sequel {
  /** What is done with the domain. */
  readonly domain: 'keep' | 'destroy' | 'rename' | 'soft-reset'
  /** Whether its memory is written into a file before. */
  readonly core: 'dump' | 'no-dump'
  /** What is done with the guest. */
  readonly guest: 'stays-down' | 'restarts'
}

const sequels: Readonly<Record<ShutdownAction, Sequel>> = {
  destroy: { domain: 'destroy', core: 'no-dump', guest: 'stays-down' },
  restart: { domain: 'destroy', core: 'no-dump', guest: 'restarts' },
  preserve: { domain: 'keep', core: 'no-dump', guest: 'stays-down' },
  'rename-restart': { domain: 'rename', core: 'no-dump', guest: 'restarts' },
  'coredump-destroy': { domain: 'destroy', core: 'dump', guest: 'stays-down' },
  'coredump-restart': { domain: 'destroy', core: 'dump', guest: 'restarts' },
  'soft-reset': { domain: 'soft-reset', core: 'no-dump', guest: 'restarts' },
}

const actionFor: Readonly<Record<EndReason, (spec: GuestSpec) => ShutdownAction>> = {
  poweroff: (spec) => spec.onPoweroff,
  reboot: (spec) => spec.onReboot,
  crash: (spec) => spec.onCrash,
  watchdog: (spec) => spec.onWatchdog,
  'soft-reset': (spec) => spec.onSoftReset,
  // A domain that was suspended was saved by someone, who takes care of it.
  suspend: () => 'preserve',
  destroyed: () => 'destroy',
  'device-model': () => 'destroy',
}

/** What the definition wants done after this end; domains of others are left to their toolstack, kept ones to people. */
export function sequelOf({ managed, kept, definition, run, staysDown }: GuestEntry, reason: EndReason): Sequel {
  if (!managed || kept !== null || definition === null) return sequels.preserve
  if (staysDown) return sequels.destroy
  const sequel = sequels[actionFor[reason](definition.spec)]
  // libxl resets HVM domains only (libxl_create.c, libxl_domain_soft_reset): others start afresh.
  const canReset = isWholePc(run?.mode?.libxlType ?? null)
  return sequel.domain === 'soft-reset' && !canReset ? sequels.restart : sequel
}
