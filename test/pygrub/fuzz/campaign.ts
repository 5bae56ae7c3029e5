import { pick, randomNumbers, type Random } from './random.ts'

/** Something to be damaged again and again. Everything that a round does comes from its numbers. */
export interface Target<Input> {
  readonly start: Input
  /** A damaged copy of an input. */
  damaged(input: Input, random: Random): Input
  /** Uses an input; returns words for the ways that this took. Throws what a mistake of ours throws. */
  use(input: Input): readonly string[]
  /** Everything that is needed to use it again. */
  describe(input: Input): unknown
}

export interface Finding {
  readonly input: unknown
  readonly what: string
}

export interface Campaign {
  readonly rounds: number
  /** Inputs that took new ways, and were damaged further. */
  readonly kept: number
  readonly slowestMs: number
  readonly findings: readonly Finding[]
}

/** A round that takes longer is a finding: the budgets should have ended it. Generous, since tests run on busy machines. */
const MAX_ROUND_MS = 20_000
const MAX_KEPT = 500
const MAX_FINDINGS = 5

/** Damages a target until the time is over; what leads to something new is damaged further. */
export function campaign<Input>(target: Target<Input>, limits: { seed: number; ms: number }): Campaign {
  const random = randomNumbers(limits.seed)
  const seen = new Set(target.use(target.start).map(shape))
  const end = performance.now() + limits.ms
  const kept = [target.start]
  const findings: Finding[] = []
  let rounds = 0
  let slowestMs = 0
  for (; performance.now() < end && findings.length < MAX_FINDINGS; rounds++) {
    const input = target.damaged(pick(random, kept), random)
    const begun = performance.now()
    try {
      const fresh = target
        .use(input)
        .map(shape)
        .filter((word) => !seen.has(word))
      fresh.forEach((word) => seen.add(word))
      if (fresh.length > 0 && kept.length < MAX_KEPT) kept.push(input)
    } catch (thrown) {
      const what = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
      findings.push({ input: target.describe(input), what })
    }
    const took = performance.now() - begun
    slowestMs = Math.max(slowestMs, took)
    if (took > MAX_ROUND_MS) findings.push({ input: target.describe(input), what: `it took ${took.toFixed(0)} ms` })
  }
  return { rounds, kept: kept.length, slowestMs, findings }
}

/** A line without its numbers and names: two lines that differ only in them took one way. */
const shape = (line: string): string => line.replace(/"[^"]*"|[\d/]\S*/g, '#').slice(0, 120)
