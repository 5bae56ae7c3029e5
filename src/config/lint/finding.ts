/** What lint says, and what it is told. */
import type { GuestSpec } from '../guest-spec.ts'
import type { Examined } from '../load.ts'
import type { NicDefaults } from '../nic-defaults.ts'
import type { Where } from '../source.ts'
import type { Neighbour } from './neighbour.ts'

/** An error keeps the guest from being defined or started; a warning is only said. */
export type Severity = 'error' | 'warning'

export interface Finding {
  readonly severity: Severity
  /** Name of the rule, for tools that filter: `syntax`, `no-effect`, `shared-disk` … */
  readonly rule: string
  readonly where: Where
  readonly key?: string | undefined
  /** A sentence without a full stop, as errors have them. */
  readonly message: string
  readonly fix?: string | undefined
}

/** What a rule finds, by the field of the specification that it is about: `disks.1`, `kernel`. */
export interface Observation {
  readonly severity: Severity
  readonly rule: string
  readonly field: string
  readonly message: string
  readonly fix?: string | undefined
}

/** What can only be known on the host. What is left out is not checked. */
export interface LintFacts {
  /** Name that the file's own name asks for: `web` of web.cfg. */
  readonly expectedName?: string
  /** Those of the files that filesOf() names that do not exist or cannot be read. */
  readonly missingFiles?: ReadonlySet<string>
  /** The format that the header of a disk's file shows, by target. */
  readonly diskHeaders?: ReadonlyMap<string, string>
  readonly bridges?: ReadonlySet<string>
  readonly nicDefaults?: NicDefaults
  /** Such as 4.17. */
  readonly xenVersion?: string
  readonly hostMemoryMiB?: number
  readonly hostCpus?: number
  readonly neighbours?: readonly Neighbour[]
  /** What stands against the mode of this guest (src/modes), in sentences. */
  readonly refusals?: readonly string[]
  readonly hostNodes?: number
}

/** A rule that looks at a specification that loaded. */
export type Rule = (spec: GuestSpec, examined: Examined, facts: LintFacts) => readonly Observation[]
