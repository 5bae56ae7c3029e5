import type { ModeName } from '../words/mode-names.ts'
import type { DomainFacts } from './facts.ts'
import { allModes } from './index.ts'

export interface Observation {
  /** Null when the facts fit no mode. */
  readonly mode: ModeName | null
  readonly evidence: readonly string[]
}

/** What a running domain really is, from the hypervisor and xenstore alone, whatever its definition says. */
export function observe(facts: DomainFacts): Observation {
  for (const mode of allModes) {
    const evidence = mode.observedIn(facts)
    if (evidence !== null) return { mode: mode.name, evidence }
  }
  return { mode: null, evidence: ['Xen and xenstore do not agree about this domain'] }
}
