import type { Guest } from '../../api/guest.ts'

/** What is configured, and after an arrow what it really runs as when that differs. */
export function modeText({ mode, managed }: Pick<Guest, 'mode' | 'managed'>): string {
  const observed = mode.observed ?? mode.chosen
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
