import type { GuestSpec } from '../config/guest-spec.ts'
import { capabilityFacts } from '../words/capabilities.ts'
import type { HostFacts, KernelFacts } from './facts.ts'
import { featuresOf } from './features.ts'
import type { Mode } from './mode.ts'

/** Why a guest cannot run in a mode, or what it should know if it does. */
export interface Reason {
  readonly weight: 'cannot' | 'but'
  /** Whether the host, the definition or the guest's kernel stands in the way. */
  readonly about: 'host' | 'definition' | 'kernel'
  readonly text: string
}

export interface Verdict {
  readonly mode: Mode
  readonly possible: boolean
  readonly reasons: readonly Reason[]
}

/** Whether this guest can run in this mode on this host, and every reason for or against. Null facts are not judged. */
export function judge(mode: Mode, spec: GuestSpec, host: HostFacts | null, kernel: KernelFacts | null): Verdict {
  const reasons = [...hostReasons(mode, host), ...definitionReasons(mode, spec), ...kernelReasons(mode, kernel)]
  return { mode, reasons, possible: reasons.every(({ weight }) => weight !== 'cannot') }
}

/** What of a host stands against a mode, whatever the guest. */
export function hostReasons(mode: Mode, host: HostFacts | null): readonly Reason[] {
  if (host === null) return []
  return mode.needs
    .filter((need) => !host.capabilities.has(need))
    .map((need) => {
      const { means, fix } = capabilityFacts[need]
      return { weight: 'cannot', about: 'host', text: `${mode.title} needs ${means}, which this host lacks; ${fix}` }
    })
}

function definitionReasons(mode: Mode, spec: GuestSpec): readonly Reason[] {
  return featuresOf(spec).flatMap(({ feature, seenIn }): Reason[] => {
    const refused = mode.refuses[feature]
    if (refused !== undefined) return [{ weight: 'cannot', about: 'definition', text: `${seenIn}: ${refused}` }]
    const idle = mode.withoutEffect[feature]
    return idle === undefined ? [] : [{ weight: 'but', about: 'definition', text: `${seenIn}: ${idle}` }]
  })
}

function kernelReasons(mode: Mode, kernel: KernelFacts | null): readonly Reason[] {
  if (kernel === null || mode.kernel === null) return []
  const able = { pv: kernel.canPv, pvh: kernel.canPvh }[mode.kernel.wants]
  if (able) return []
  const name = kernel.version === null ? 'its kernel' : `its kernel ${kernel.version}`
  const note = { pv: 'the Xen ELF notes of a PV kernel', pvh: 'the ELF note PHYS32_ENTRY' }[mode.kernel.wants]
  return [{ weight: 'cannot', about: 'kernel', text: `${name} lacks ${note}, and ${mode.kernel.because}` }]
}
