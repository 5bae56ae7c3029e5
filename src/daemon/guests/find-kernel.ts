/** What a guest would boot, as the choice of its mode needs to know it. */
import type { GuestSpec } from '../../config/guest-spec.ts'
import { bootWay } from '../../modes/boot-way.ts'
import { fixedMode, wantsKernel } from '../../modes/choose.ts'
import { type KernelFinding, NOT_LOOKED_FOR } from '../../modes/facts.ts'
import { isPvgrub } from '../../modes/features.ts'
import { TetrarchError, fail } from '../../words/errors.ts'
import type { BootChoice, BootSource, Host, Operation } from '../host.ts'

/** A guest that its own firmware boots. */
export const NO_KERNEL: BootSource = {
  kernel: null,
  ramdisk: null,
  cmdline: null,
  booted: { how: 'firmware', what: 'BIOS or UEFI, from its own devices', kernelVersion: null },
  kernelFacts: null,
}

export interface FoundKernel {
  /** To be given back with `releaseBoot`. */
  readonly boot: BootSource
  readonly finding: KernelFinding
}

/**
 * Looks for the kernel where the mode is one that needs it, or still has to be chosen. A disk without a kernel is an answer
 * for a guest whose mode is chosen; where the definition names a mode that needs one, it is the error `boot-not-found`.
 */
export async function findKernel(
  host: Host,
  spec: GuestSpec,
  operation: Operation,
  choice: BootChoice = {},
): Promise<FoundKernel> {
  const isChosen = Object.keys(choice).length > 0
  if (isChosen) mustHaveMenu(spec)
  if (!wantsKernel(spec) && spec.kernel === undefined) return { boot: NO_KERNEL, finding: NOT_LOOKED_FOR }
  try {
    const boot = await host.prepareBoot(spec, operation, choice)
    return { boot, finding: findingOf(spec, boot) }
  } catch (thrown) {
    if (isChosen || fixedMode(spec) !== null || !isNothingToBoot(thrown)) throw thrown
    return { boot: NO_KERNEL, finding: { found: 'none', why: whyNone(thrown) } }
  }
}

/** Whoever chose an entry must not get something else. */
function mustHaveMenu(spec: GuestSpec): void {
  const way = bootWay(spec)
  if (way === 'boot-loader') return
  throw fail('config-invalid', {
    what: `"${spec.name}" does not boot from the menu on its disk`,
    why: spec.kernel === undefined ? `it boots from ${way}` : `its definition says kernel="${spec.kernel}"`,
    fix: 'leave the choice of an entry out, or change the definition',
  })
}

function findingOf(spec: GuestSpec, { kernelFacts }: BootSource): KernelFinding {
  if (isPvgrub(spec)) return { found: 'pvgrub' }
  return kernelFacts === null ? NOT_LOOKED_FOR : { found: 'kernel', facts: kernelFacts }
}

export const isNothingToBoot = (thrown: unknown): thrown is TetrarchError =>
  thrown instanceof TetrarchError && thrown.code === 'boot-not-found'

export const whyNone = ({ parts }: TetrarchError): string => parts.why ?? parts.what
