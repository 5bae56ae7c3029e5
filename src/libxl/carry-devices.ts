/**
 * What a restart carries over: devices that were attached or detached while the guest ran, media that were changed in its
 * drives, and the addresses that libxl had made up. A definition that was changed meanwhile has the last word on what it names.
 * Pure, on libxl's JSON (libxl_domain_config).
 */
import type { JsonObject, JsonValue } from './requests.ts'

/** How a device is told from its like. */
const keys: Readonly<Record<string, (device: JsonObject) => string>> = {
  disks: ({ vdev }) => JSON.stringify(vdev),
  nics: ({ devid }) => JSON.stringify(devid ?? 0),
  pcidevs: ({ domain, bus, dev, func }) => JSON.stringify([domain ?? 0, bus ?? 0, dev ?? 0, func ?? 0]),
}

/** The parts of a device that can change while it stays, or that libxl makes up. */
const kept: Readonly<Record<string, readonly string[]>> = {
  disks: ['pdev_path', 'format'],
  nics: ['mac'],
  pcidevs: [],
}

/** The devices of a configuration; everything else is made anew at each start. */
export const devicesOf = (config: JsonObject): JsonObject =>
  Object.fromEntries(Object.keys(keys).map((kind) => [kind, listOf(config[kind])]))

export interface Carried {
  /** As the running domain was built. */
  readonly started: JsonObject
  /** As it is when it ends. */
  readonly running: JsonObject
}

/** The configuration of the next start, with what is carried over. */
export function carryDevices(next: JsonObject, { started, running }: Carried): JsonObject {
  const carried = Object.entries(keys).map(([kind, keyOf]) => {
    const byKey = (config: JsonObject) => new Map(listOf(config[kind]).map((device) => [keyOf(device), device]))
    return [kind, carryKind({ started: byKey(started), running: byKey(running), next: byKey(next) }, kept[kind] ?? [])]
  })
  const changed = carried.filter(([kind, list]) => (list ?? []).length > 0 || next[kind as string] !== undefined)
  return { ...next, ...(Object.fromEntries(changed) as JsonObject) }
}

type Devices = ReadonlyMap<string, JsonObject>
type Versions = Readonly<Record<'started' | 'running' | 'next', Devices>>

function carryKind({ started, running, next }: Versions, parts: readonly string[]): readonly JsonObject[] {
  const defined = [...next].flatMap(([key, device]) => {
    const before = started.get(key)
    if (before === undefined || JSON.stringify(before) !== JSON.stringify(device)) return [device]
    const now = running.get(key)
    return now === undefined ? [] : [withParts(device, now, parts)]
  })
  const attached = [...running].filter(([key]) => !started.has(key) && !next.has(key)).map(([, device]) => device)
  return [...defined, ...attached]
}

/** An ejected medium is a part that is gone. */
function withParts(device: JsonObject, now: JsonObject, parts: readonly string[]): JsonObject {
  const others = Object.entries(device).filter(([part]) => !parts.includes(part))
  const current = parts.flatMap((part) => (now[part] === undefined ? [] : [[part, now[part]] as const]))
  return Object.fromEntries([...others, ...current])
}

const listOf = (value: JsonValue | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? (value as readonly JsonObject[]) : []
