/**
 * How `mode="auto"` is decided: questions in their order, each answered from facts. The first answer that leads to a mode
 * is the choice; the last question always leads to one.
 */
import type { GuestSpec } from '../config/guest-spec.ts'
import type { HostFacts, KernelFinding } from './facts.ts'
import { featuresOf, isPvgrub } from './features.ts'
import type { Feature, Mode } from './mode.ts'
import { pv } from './pv.ts'
import { pvInPvh } from './pv-in-pvh.ts'
import { pvh } from './pvh.ts'
import { pvhvm } from './pvhvm.ts'
import { judge, shortVersion } from './verdict.ts'

/** All that a choice may rest on. */
interface Situation {
  readonly spec: GuestSpec
  readonly host: HostFacts
  readonly kernel: KernelFinding
}

export interface Answer {
  readonly text: string
  /** Null leaves it to the next question. */
  readonly mode: Mode | null
}

interface Decision {
  readonly question: string
  readonly answer: (situation: Situation) => Answer
}

const no = (text: string): Answer => ({ text: `no: ${text}`, mode: null })
const yes = (text: string, mode: Mode | null = null): Answer => ({ text: `yes: ${text}`, mode })

/** Whether nothing speaks against a mode for this guest on this host. */
const possible = (mode: Mode, { spec, host, kernel }: Situation): boolean => judge(mode, spec, host, kernel).possible

/** What only emulated hardware gives, besides PCI devices: the features that a PVH guest refuses or that do nothing in it. */
const emulated = (spec: GuestSpec) =>
  featuresOf(spec).find(({ feature }) => feature !== PCI && (pvh.refuses[feature] ?? pvh.withoutEffect[feature]))
const PCI: Feature = 'pci'

const kernelName = (kernel: KernelFinding): string =>
  kernel.found === 'kernel' && kernel.facts.version !== null ? shortVersion(kernel.facts.version) : 'its kernel'

export const decisions: readonly Decision[] = [
  {
    question: 'Does this host have hardware virtualization?',
    answer: ({ host: { capabilities } }) => {
      if (!capabilities.has('hvm')) return { text: 'no, so only PV is possible', mode: pv }
      return yes(capabilities.has('hap') ? 'with hardware assisted paging' : 'without hardware assisted paging')
    },
  },
  {
    question: 'Is a PCI device passed through?',
    answer: ({ spec }) => {
      const found = featuresOf(spec).find(({ feature }) => feature === PCI)
      return found === undefined ? no('none is given') : yes(found.seenIn, pvhvm)
    },
  },
  {
    question: 'Does a device or its firmware need emulated hardware?',
    answer: ({ spec }) => {
      const found = emulated(spec)
      return found === undefined ? no('none does') : yes(found.seenIn, pvhvm)
    },
  },
  {
    question: 'Can its kernel boot as PVH?',
    answer: (situation) => {
      const { spec, kernel } = situation
      if (!possible(pvh, situation)) return no(firstAgainst(pvh, situation))
      if (isPvgrub(spec)) return yes('pvgrub is there for PVH', pvh)
      if (kernel.found === 'kernel') return yes(`${kernelName(kernel)} has the ELF note PHYS32_ENTRY`, pvh)
      return no('nobody looked for its kernel')
    },
  },
  {
    question: 'Can its kernel boot as PV?',
    answer: (situation) => {
      const { spec, kernel } = situation
      const best = [pv, pvInPvh].find((mode) => possible(mode, situation))
      if (best === undefined) return no(firstAgainst(pv, situation))
      const inShim = best.shim ? ", and Xen's shim stands in for the PV support that Xen here lacks" : ''
      if (isPvgrub(spec)) return yes(`pvgrub is there for PV${inShim}`, best)
      if (kernel.found === 'kernel') return yes(`${kernelName(kernel)} has the ELF notes of a PV kernel${inShim}`, best)
      return no('nobody looked for its kernel')
    },
  },
  {
    question: 'What is left?',
    answer: () => ({ text: 'its own firmware boots whatever its disk holds', mode: pvhvm }),
  },
]

const firstAgainst = (mode: Mode, { spec, host, kernel }: Situation): string =>
  judge(mode, spec, host, kernel).reasons.find(({ weight }) => weight === 'cannot')?.why ?? 'it cannot'
