import type { KeyChange } from '../../api/definition.ts'
import type { Device, Guest } from '../../api/guest.ts'
import { escapeControl } from '../../words/escape-control.ts'

/** What is configured, and after an arrow what it really runs as when that differs. */
export function modeText({ mode, managed }: Pick<Guest, 'mode' | 'managed'>): string {
  const observed = mode.observed ?? mode.chosen
  if (observed === null && mode.lastSeen !== null && mode.lastSeen.mode !== mode.configured)
    return `${mode.configured ?? '?'} (${mode.lastSeen.mode})`
  if (!managed || mode.configured === null) return observed ?? '?'
  return observed === null || observed === mode.configured ? mode.configured : `${mode.configured}→${observed}`
}

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Seconds as 12.3s, 5m03s, 2h05m or 3d04h. */
export function cpuTime(seconds: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  if (seconds < MINUTE) return `${seconds.toFixed(1)}s`
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)}m${two(seconds % MINUTE)}s`
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)}h${two((seconds % HOUR) / MINUTE)}m`
  return `${Math.floor(seconds / DAY)}d${two((seconds % DAY) / HOUR)}h`
}

/** How a new guest is: `running, domain 5, built as pvhvm`. What it is observed as may take until its drivers have come up. */
export function bornText({ state, domid, mode }: Guest): string {
  return `${state}${domid === null ? '' : `, domain ${domid}`}${mode.chosen === null ? '' : `, built as ${mode.chosen}`}`
}

/** True when it runs as something else than it was built as. */
export const isOtherThanBuilt = ({ mode }: Guest): boolean =>
  mode.observed !== null && mode.chosen !== null && mode.observed !== mode.chosen

/** Its state, and how often it has crashed of late. */
export const stateText = ({ state, brake, deviceModel }: Pick<Guest, 'state' | 'brake' | 'deviceModel'>): string =>
  [
    state,
    ...(isBroken(deviceModel) ? [`QEMU ${deviceModel.health}`] : []),
    ...(brake === null ? [] : [`${brake.crashes} ${brake.crashes === 1 ? 'crash' : 'crashes'}`]),
  ].join(', ')

/** A QEMU that died or hangs. */
export const isBroken = (deviceModel: Guest['deviceModel']): deviceModel is NonNullable<Guest['deviceModel']> =>
  deviceModel !== null && deviceModel.health !== 'well'

const IS_DOWN: ReadonlySet<Guest['state']> = new Set(['crashed', 'stopping', 'halted'])

/** What the crashes of a guest have led to, in a sentence. */
export function brakeText({ name, state, brake }: Pick<Guest, 'name' | 'state' | 'brake'>, now = Date.now()): string {
  if (brake === null) return `${name} has not crashed`
  const often = `${name} crashed ${brake.crashes === 1 ? 'once' : `${brake.crashes} times`}`
  if (brake.restartsAt === null)
    return `${often} in a short time and is left halted; its last words: tetrarch info ${name}`
  const seconds = Math.ceil((Date.parse(brake.restartsAt) - now) / 1000)
  if (seconds > 0) return `${often} and restarts in ${seconds} s`
  return IS_DOWN.has(state) ? `${often} and has not come back yet; see: tetrarch tasks` : `${often} and was restarted`
}

/** `memory: 512 → 1024`; what has its default is shown as such. */
export const changeText = ({ key, before, after }: KeyChange): string =>
  escapeControl(`${key}: ${oneLine(before)} → ${oneLine(after)}`)

const oneLine = (value: string | null): string => value?.replaceAll(/\s*\n\s*/g, ' ') ?? 'default'

/** What a running guest does not have yet, in lines. */
export const atNextStart = (changes: readonly KeyChange[]): readonly string[] =>
  changes.length === 0
    ? []
    : ['it runs; changes apply at next start:', ...changes.map((change) => `  ${changeText(change)}`)]

/** What of a device the guest uses: its PV driver, the hardware that QEMU emulates, or nothing yet. */
export function driverText({ connected, emulation }: Pick<Device, 'connected' | 'emulation'>): string {
  if (!connected) return emulation === 'present' ? 'emulated' : '–'
  return { present: 'PV, emulated too', unplugged: 'PV, unplugged', none: 'PV', unknown: 'PV' }[emulation]
}
