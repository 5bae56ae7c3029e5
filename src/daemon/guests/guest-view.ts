import type { DeviceModel, Guest, GuestDetail } from '../../api/guest.ts'
import type { Domain } from '../host.ts'
import { type GuestEntry, stateOf } from './guest-entry.ts'

/** How many lines of the console an answer carries. */
const CONSOLE_TAIL = 20

/** A guest as the API shows it. */
export function viewGuest(entry: GuestEntry, domain: Domain | null): Guest {
  const { definition, run } = entry
  return {
    name: entry.name,
    uuid: entry.uuid,
    domid: domain?.domid ?? null,
    state: stateOf(entry, domain),
    mode: {
      configured: definition?.spec.mode ?? null,
      chosen: run?.mode?.name ?? null,
      observed: run?.observation.mode ?? null,
      evidence: [...(run?.observation.evidence ?? [])],
    },
    deviceModel: viewDeviceModel(entry),
    memoryMiB: domain?.memoryMiB ?? definition?.spec.memoryMiB ?? 0,
    vcpus: domain?.vcpus ?? definition?.spec.vcpus ?? 0,
    cpuTimeSeconds: domain?.cpuTimeSeconds ?? 0,
    managed: entry.managed,
    defined: entry.defined,
    booted: run?.booted ?? null,
    startedAt: run?.startedAt ?? null,
    lastEnd: entry.lastEnd,
    warnings: [...(definition?.warnings ?? [])],
  }
}

export function viewGuestDetail(entry: GuestEntry, domain: Domain | null): GuestDetail {
  const { definition, run } = entry
  return {
    ...viewGuest(entry, domain),
    devices: [...(run?.description?.devices ?? [])],
    definition: definition === null ? null : { file: definition.file, text: definition.text },
    consoleTail: [...(run?.console?.tail(CONSOLE_TAIL) ?? [])],
  }
}

export function viewDeviceModel({ run }: GuestEntry): DeviceModel | null {
  const pid = run?.description?.deviceModelPid ?? null
  if (pid === null) return null
  return { pid, reason: run?.deviceModelReason ?? 'another toolstack started it' }
}
