import type { Booted, DeviceModel, EndReason, GuestState } from '../../api/guest.ts'
import { type KeyChange, changesBetween } from '../../config/changes.ts'
import type { GuestSpec } from '../../config/guest-spec.ts'
import type { Carried } from '../../libxl/carry-devices.ts'
import type { LibxlType } from '../../modes/domain-type.ts'
import type { Mode } from '../../modes/mode.ts'
import { type Observation, observe } from '../../modes/observe.ts'
import type { Cdrom } from '../../qemu/ask.ts'
import type { TetrarchError } from '../../words/errors.ts'
import type { Domid } from '../../words/ids.ts'
import { readDefinition } from './read-definition.ts'
import type { GuestConsole } from '../consoles/guest-console.ts'
import type { Domain, DomainDescription } from '../host.ts'
import type { Saved } from '../saved/saved-guests.ts'

/** What a user wrote, and what reading it found. */
export interface Definition {
  readonly file: string
  readonly text: string
  /** Settings that count after those of the text, for this start and its reboots. */
  readonly overrides: readonly string[]
  readonly spec: GuestSpec
  readonly warnings: readonly string[]
}

/** A domain that runs, or is kept after a crash. */
export interface Run {
  readonly domid: Domid
  /** What it was built as; null for domains of other toolstacks. */
  readonly mode: Mode | null
  readonly startedAt: string | null
  readonly booted: Booted | null
  readonly deviceModelReason: string | null
  description: DomainDescription | null
  observation: Observation
  console: GuestConsole | null
  watch: AsyncDisposable | null
  /** What was last seen of its QEMU, null before the first look and for a guest without. */
  deviceModel: DeviceModelSeen | null
}

/** The QEMU of a run as it was last seen. */
export interface DeviceModelSeen {
  readonly pid: number
  readonly health: DeviceModel['health']
  /** What is wrong with it, null when nothing is. */
  readonly trouble: string | null
  readonly status: string | null
  readonly cdroms: readonly Cdrom[]
  readonly lastWords: readonly string[]
}

/** A guest that crashed and waits to be restarted, or crashed too often and is left halted. */
export interface Brake {
  readonly crashes: number
  /** Null when it is left halted. */
  readonly restartsAt: string | null
}

/** Everything known of one guest, or of one domain of another toolstack. Changed only by the queue of this guest and the observer. */
export interface GuestEntry {
  name: string
  /** A definition may give another one at the next start. */
  uuid: string
  readonly managed: boolean
  /** What it runs with, or ran with the last time. */
  definition: Definition | null
  /** Its file in the guests folder as it was the last time that it could be read; null without one. */
  onDisk: Definition | null
  /** Why its file cannot be used now. */
  problem: TetrarchError | null
  /** A file in the guests folder defines it. */
  defined: boolean
  run: Run | null
  lastEnd: { readonly reason: EndReason; readonly at: string } | null
  /** The last lines of the console of the domain that ended. */
  lastWords: readonly string[]
  /** The guest whose ended domain this is, kept to be looked at. */
  readonly kept: string | null
  /** Its memory in a file, from which its next start goes on; null for one that would boot. */
  saved: Saved | null
  /** What a restart carries over from the domain that ended. */
  carried: Carried | null
  /** What its crashes have led to, while that matters. */
  brake: Brake | null
  /** It is being stopped together with the host, so that no on_* key brings it back; until it is started again. */
  staysDown: boolean
  /** What one of our own operations is doing with it. */
  operation: 'starting' | 'stopping' | null
  /** What readers of events were last told. */
  told: { state: GuestState; mode: Observation['mode']; deviceModel: string | null }
}

export function newEntry(fields: Pick<GuestEntry, 'name' | 'uuid' | 'managed'> & Partial<GuestEntry>): GuestEntry {
  return {
    definition: null,
    onDisk: null,
    problem: null,
    defined: false,
    run: null,
    lastEnd: null,
    lastWords: [],
    kept: null,
    saved: null,
    carried: null,
    brake: null,
    staysDown: false,
    operation: null,
    told: { state: 'halted', mode: null, deviceModel: null },
    ...fields,
  }
}

/** What is true of it now: what it runs with, or what a start would be made from. */
export const currentDefinition = ({ run, onDisk, definition }: GuestEntry): Definition | null =>
  run === null ? (onDisk ?? definition) : definition

/** What a restart is made from: the file as it is now, with the overrides that the guest was started with. */
export function nextDefinition({ onDisk, definition }: GuestEntry): Definition | null {
  if (onDisk === null || definition === null) return onDisk ?? definition
  if (onDisk.text === definition.text) return definition
  if (definition.overrides.length === 0) return onDisk
  try {
    return readDefinition(onDisk.file, onDisk.text, definition.overrides)
  } catch {
    // They do not fit the new text; what ran once runs again.
    return definition
  }
}

/** What was changed in its file since it was started. */
export function pendingChanges(entry: GuestEntry): readonly KeyChange[] {
  if (entry.run === null || entry.definition === null) return []
  const next = nextDefinition(entry)
  return next === null || next === entry.definition ? [] : changesBetween(entry.definition.spec, next.spec)
}

export function newRun(
  domid: Domid,
  known: Partial<Pick<Run, 'mode' | 'startedAt' | 'booted' | 'deviceModelReason'>>,
): Run {
  return {
    domid,
    mode: null,
    startedAt: null,
    booted: null,
    deviceModelReason: null,
    ...known,
    description: null,
    observation: { mode: null, evidence: [] },
    console: null,
    watch: null,
    deviceModel: null,
  }
}

/** What a guest does, from our own operation and the hypervisor's word; `domain` is null when Xen has none. */
export function stateOf({ operation, run, saved }: GuestEntry, domain: Domain | null): GuestState {
  if (operation !== null) return operation
  if (run === null || domain === null) return saved === null ? 'halted' : 'saved'
  if (domain.state === 'shutdown' && domain.shutdown === 'crash') return 'crashed'
  return domain.state
}

/** What a domain is now, from the hypervisor and xenstore. */
export function observeDomain(domain: Domain, description: DomainDescription): Observation {
  const libxlType: LibxlType | null = description.libxlType
  return observe({
    hvm: domain.hvm,
    emulationFlags: domain.emulationFlags,
    libxlType,
    callbackVector: description.callbackVector,
    connectedPvDevices: description.devices
      .filter(({ kind, connected }) => connected && (kind === 'disk' || kind === 'nic'))
      .map(({ name }) => name),
    shim: description.shim,
  })
}
