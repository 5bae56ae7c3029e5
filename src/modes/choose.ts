import type { GuestSpec } from '../config/guest-spec.ts'
import { fail } from '../words/errors.ts'
import { type Answer, decisions } from './decisions.ts'
import { type HostFacts, type KernelFinding, NOT_LOOKED_FOR } from './facts.ts'
import { featuresOf } from './features.ts'
import { modeNamed } from './index.ts'
import type { Mode } from './mode.ts'
import { pvh } from './pvh.ts'
import { type Verdict, judge, sentenceOf } from './verdict.ts'

/** One step of the choice: what was asked, and what the facts say. */
export interface ChoiceStep {
  readonly question: string
  readonly answer: string
  /** The mode that this answer led to; null when the next question was asked. */
  readonly leadsTo: Mode | null
}

export interface Choice {
  readonly mode: Mode
  /** What decided, in the order in which it was looked at. */
  readonly steps: readonly ChoiceStep[]
  /** Of the chosen mode: whether it can be, and what should be known. */
  readonly verdict: Verdict
}

/** The mode that a definition names, or null when it leaves the choice to us. */
export const fixedMode = (spec: GuestSpec): Mode | null => (spec.mode === 'auto' ? null : modeNamed(spec.mode))

/** Whether the choice, or the start, must know the guest's kernel first. */
export function wantsKernel(spec: GuestSpec): boolean {
  const mode = fixedMode(spec)
  if (mode !== null) return mode.kernel !== null
  return !featuresOf(spec).some(({ feature }) => pvh.refuses[feature] ?? pvh.withoutEffect[feature])
}

/** The mode for a guest, whether it can run in it or not: the one its definition names, or the one that the facts lead to. */
export function decide(spec: GuestSpec, host: HostFacts, kernel: KernelFinding): Choice {
  const fixed = fixedMode(spec)
  if (fixed !== null) {
    const step = { question: 'Does the definition name a mode?', answer: `yes: ${fixed.name}`, leadsTo: fixed }
    return { mode: fixed, steps: [step], verdict: judge(fixed, spec, host, kernel) }
  }
  const steps: ChoiceStep[] = []
  for (const { question, answer } of decisions) {
    const said: Answer = answer({ spec, host, kernel })
    steps.push({ question, answer: said.text, leadsTo: said.mode })
    if (said.mode !== null) return { mode: said.mode, steps, verdict: judge(said.mode, spec, host, kernel) }
  }
  throw new Error('the last decision leads to a mode')
}

/** What decided, in one line for logs and events. */
export const evidenceOf = ({ steps }: Choice): readonly string[] =>
  steps.map(({ question, answer }) => `${question} ${answer}`)

/** What the guest should know of its mode, in sentences. */
export const remarksOf = ({ verdict }: Choice): readonly string[] => verdict.reasons.map(sentenceOf)

/**
 * The mode to start a guest in: the one its definition names if it can be, or the best one that can.
 * Throws `host-lacks` or `mode-refused` with every reason.
 */
export function chooseMode(spec: GuestSpec, host: HostFacts, kernel: KernelFinding = NOT_LOOKED_FOR): Choice {
  const choice = decide(spec, host, kernel)
  const { mode, verdict } = choice
  if (verdict.possible) return choice
  const against = verdict.reasons.filter(({ weight }) => weight === 'cannot')
  const fixes = against.map(({ fix }) => fix).filter((fix) => fix !== null)
  throw fail(against.some(({ about }) => about === 'host') ? 'host-lacks' : 'mode-refused', {
    what: `"${spec.name}" cannot run as ${mode.title}`,
    why: against.map((reason) => sentenceOf({ ...reason, fix: null })).join('; '),
    fix: `${fixes.join('; ')}; what else it can be is shown by: tetrarch explain`,
    evidence: evidenceOf(choice),
  })
}
