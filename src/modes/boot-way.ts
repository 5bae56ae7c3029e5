import type { GuestSpec } from '../config/guest-spec.ts'
import { wantsKernel } from './choose.ts'
import { isPvgrub } from './features.ts'
import type { BootWay } from './mode.ts'

/** What a start of this definition begins with; for `mode="auto"` what is tried first. */
export function bootWay(spec: GuestSpec): BootWay {
  if (spec.kernel !== undefined) return 'kernel'
  if (!wantsKernel(spec)) return 'firmware'
  return isPvgrub(spec) ? 'pvgrub' : 'boot-loader'
}
