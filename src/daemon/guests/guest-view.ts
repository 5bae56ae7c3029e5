import type { DeviceModel, Guest, GuestDetail } from '../../api/guest.ts'
import { modeNamed } from '../../modes/index.ts'
import type { Domain } from '../host.ts'
import { type GuestEntry, currentDefinition, pendingChanges, stateOf } from './guest-entry.ts'
import type { ModeMemory } from './mode-memory.ts'

/** How many lines of the console an answer carries. */
export const CONSOLE_TAIL = 20

/** A guest as the API shows it. */
export function viewGuest(entry: GuestEntry, domain: Domain | null, memory: ModeMemory): Guest {
  const { run } = entry
  const definition = currentDefinition(entry)
  return {
    name: entry.name,
    uuid: entry.uuid,
    domid: domain?.domid ?? null,
    state: stateOf(entry, domain),
    mode: viewMode(entry, memory),
    deviceModel: viewDeviceModel(entry),
    memoryMiB: domain?.memoryMiB ?? definition?.spec.memoryMiB ?? 0,
    vcpus: domain?.vcpus ?? definition?.spec.vcpus ?? 0,
    cpuTimeSeconds: domain?.cpuTimeSeconds ?? 0,
    changes: pendingChanges(entry).map((change) => ({ ...change })),
    problem: entry.problem?.message ?? null,
    managed: entry.managed,
    defined: entry.defined,
    booted: run?.booted ?? null,
    startedAt: run?.startedAt ?? null,
    lastEnd: entry.lastEnd,
    brake: entry.brake,
    saved: viewSaved(entry),
    kept: entry.kept,
    warnings: warningsOf(entry),
  }
}

/** What was found in its definition, and what others have done to its domain. */
function warningsOf(entry: GuestEntry): string[] {
  const { managed, name, run } = entry
  const called = run?.description?.name ?? null
  const renamed = managed && called !== null && called !== name
  const note = `Xen calls its domain "${called}": another toolstack has renamed it`
  return [...(currentDefinition(entry)?.warnings ?? []), ...(renamed ? [note] : [])]
}

export function viewGuestDetail(entry: GuestEntry, domain: Domain | null, memory: ModeMemory): GuestDetail {
  const { run } = entry
  const definition = currentDefinition(entry)
  return {
    ...viewGuest(entry, domain, memory),
    devices: [...(run?.description?.devices ?? [])],
    definition: definition && { file: definition.file, text: definition.text, overrides: [...definition.overrides] },
    vnc: viewVnc(entry),
    consoleTail: [...(run?.console?.tail(CONSOLE_TAIL) ?? entry.lastWords)],
  }
}

function viewMode(entry: GuestEntry, memory: ModeMemory): Guest['mode'] {
  const { uuid, run } = entry
  const configured = currentDefinition(entry)?.spec.mode ?? null
  const chosen = run?.mode?.name ?? null
  const observed = run?.observation.mode ?? null
  return {
    configured,
    chosen,
    observed,
    evidence: [...(run?.observation.evidence ?? [])],
    differs: observed !== null && chosen !== null && observed !== chosen,
    lastSeen: memory.seen(uuid),
  }
}

const viewSaved = ({ saved }: GuestEntry): Guest['saved'] =>
  saved && {
    at: saved.savedAt,
    mebibytes: Math.ceil(saved.bytes / 2 ** 20),
    goesOnWithHost: saved.because === 'host-shutdown',
  }

function viewVnc({ run }: GuestEntry): GuestDetail['vnc'] {
  const address = run?.description?.vncAddress ?? null
  return address === null ? null : { address }
}

export function viewDeviceModel({ run }: GuestEntry): DeviceModel | null {
  const { deviceModelPid = null } = run?.description ?? {}
  const seen = run?.deviceModel ?? null
  const pid = deviceModelPid ?? (seen?.health === 'dead' ? seen.pid : null)
  if (pid === null) return null
  const known = seen?.pid === pid ? seen : null
  const { mode } = run?.observation ?? { mode: null }
  return {
    pid,
    reason: run?.deviceModelReason ?? 'another toolstack started it',
    avoidable: mode !== null && modeNamed(mode).deviceModel === 'only-for-devices',
    health: known?.health ?? 'well',
    trouble: known?.trouble ?? null,
    status: known?.status ?? null,
    cdroms: (known?.cdroms ?? []).map((each) => ({ ...each })),
    lastWords: [...(known?.lastWords ?? [])],
  }
}
