import type { Booted, EndReason, GuestState } from '../../api/guest.ts'
import type { GuestSpec } from '../../config/guest-spec.ts'
import type { LibxlType, Mode } from '../../modes/mode.ts'
import { type Observation, observe } from '../../modes/observe.ts'
import type { Domid } from '../../words/ids.ts'
import type { GuestConsole } from '../consoles/guest-console.ts'
import type { Domain, DomainDescription } from '../host.ts'

/** What a user wrote, and what reading it found. */
export interface Definition {
  readonly file: string
  readonly text: string
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
}

/** Everything known of one guest, or of one domain of another toolstack. Changed only by the queue of this guest and the observer. */
export interface GuestEntry {
  name: string
  readonly uuid: string
  readonly managed: boolean
  /** What it runs with, or would be started with when halted. */
  definition: Definition | null
  /** The file as it is now, when it has changed since the start. */
  nextDefinition: Definition | null
  /** A file in the guests folder defines it. */
  defined: boolean
  run: Run | null
  lastEnd: { readonly reason: EndReason; readonly at: string } | null
  /** What one of our own operations is doing with it. */
  operation: 'starting' | 'stopping' | null
  /** What readers of events were last told. */
  told: { state: GuestState; mode: Observation['mode']; deviceModelPid: number | null }
}

export function newEntry(fields: Pick<GuestEntry, 'name' | 'uuid' | 'managed'> & Partial<GuestEntry>): GuestEntry {
  return {
    definition: null,
    nextDefinition: null,
    defined: false,
    run: null,
    lastEnd: null,
    operation: null,
    told: { state: 'halted', mode: null, deviceModelPid: null },
    ...fields,
  }
}

/** What the next start is made from. */
export const nextDefinition = ({ nextDefinition: next, definition }: GuestEntry): Definition | null =>
  next ?? definition

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
  }
}

/** What a guest does, from our own operation and the hypervisor's word; `domain` is null when Xen has none. */
export function stateOf({ operation, run }: GuestEntry, domain: Domain | null): GuestState {
  if (operation !== null) return operation
  if (run === null || domain === null) return 'halted'
  if (domain.state === 'shutdown' && domain.shutdown === 'crash') return 'crashed'
  return domain.state
}

/** What a domain is now, from the hypervisor and xenstore. */
export function observeDomain(domain: Domain, description: DomainDescription, built: Mode | null): Observation {
  const libxlType: LibxlType | null = description.libxlType
  return observe({
    hvm: domain.hvm,
    emulationFlags: domain.emulationFlags,
    libxlType,
    callbackVector: description.callbackVector,
    connectedPvDevices: description.devices
      .filter(({ kind, connected }) => connected && (kind === 'disk' || kind === 'nic'))
      .map(({ name }) => name),
    // A shim shows no sign of its own to dom0; what we built it with is all there is.
    shim: built?.shim === true,
  })
}
