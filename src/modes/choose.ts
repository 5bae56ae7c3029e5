import type { GuestSpec } from '../config/guest-spec.ts'
import { fail } from '../words/errors.ts'
import type { HostFacts, KernelFacts } from './facts.ts'
import { featuresOf } from './features.ts'
import { modeNamed } from './index.ts'
import type { Mode } from './mode.ts'
import { pv } from './pv.ts'
import { pvh } from './pvh.ts'
import { pvhvm } from './pvhvm.ts'
import { judge } from './verdict.ts'

export interface Choice {
  readonly mode: Mode
  /** What decided, in the order in which it was looked at. */
  readonly evidence: readonly string[]
  /** What does nothing in this mode though the definition says it. */
  readonly remarks: readonly string[]
}

/** The mode that a definition names, or null when it leaves the choice to us. */
export const fixedMode = (spec: GuestSpec): Mode | null => (spec.mode === 'auto' ? null : modeNamed(spec.mode))

/** Whether the choice, or the start, must know the guest's kernel first. */
export function wantsKernel(spec: GuestSpec): boolean {
  const mode = fixedMode(spec)
  if (mode !== null) return mode.kernel !== null
  return !featuresOf(spec).some(({ feature }) => pvh.refuses[feature] ?? pvh.withoutEffect[feature])
}

/**
 * The mode to start a guest in: the one its definition names if it can be, or the best one that can.
 * Throws `host-lacks` or `mode-refused` with every reason.
 */
export function chooseMode(spec: GuestSpec, host: HostFacts, kernel: KernelFacts | null): Choice {
  const fixed = fixedMode(spec)
  const { mode, evidence } =
    fixed === null
      ? decide(spec, host, kernel)
      : { mode: fixed, evidence: [`the definition says mode "${fixed.name}"`] }
  const { possible, reasons } = judge(mode, spec, host, kernel)
  if (possible) return { mode, evidence, remarks: reasons.map(({ text }) => text) }
  const against = reasons.filter(({ weight }) => weight === 'cannot')
  throw fail(against.some(({ about }) => about === 'host') ? 'host-lacks' : 'mode-refused', {
    what: `"${spec.name}" cannot run as ${mode.title}`,
    why: against.map(({ text }) => text).join('; '),
    fix: 'change the definition as said above, or compare the modes with: tetrarch modes',
    evidence,
  })
}

/** The decision list of `mode="auto"`: the first line that applies wins. */
function decide(spec: GuestSpec, host: HostFacts, kernel: KernelFacts | null): { mode: Mode; evidence: string[] } {
  const evidence: string[] = []
  const because = (mode: Mode, sentence: string) => ({ mode, evidence: [...evidence, sentence] })

  if (!host.capabilities.has('hvm'))
    return because(pv, 'this host has no hardware virtualization, so only PV is possible')
  evidence.push('this host has hardware virtualization')

  const emulated = featuresOf(spec).find(({ feature }) => pvh.refuses[feature] ?? pvh.withoutEffect[feature])
  if (emulated !== undefined) return because(pvhvm, `${emulated.seenIn} needs emulated hardware`)
  evidence.push('no device or firmware needs emulated hardware')

  const name = kernel?.version ?? 'its kernel'
  if (kernel?.canPvh === true && host.capabilities.has('hap')) return because(pvh, `${name} can boot as PVH`)
  if (kernel?.canPv === true && host.capabilities.has('pv'))
    return because(pv, `${name} can boot as PV, but not as PVH`)
  return because(
    pvhvm,
    kernel === null ? 'no kernel was found outside the guest' : `${name} can boot neither as PVH nor as PV`,
  )
}
