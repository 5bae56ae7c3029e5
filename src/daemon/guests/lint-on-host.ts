/** The checks of a definition with everything that this host knows: its files, its bridges, its other guests. */
import type { z } from 'zod'
import type { lintBodySchema, lintSchema } from '../../api/definition.ts'
import type { Finding, LintFacts } from '../../config/lint/finding.ts'
import { lintExamined, lintGuest } from '../../config/lint/lint.ts'
import { type Neighbour, neighbourFrom } from '../../config/lint/neighbour.ts'
import { examineGuest } from '../../config/load.ts'
import { withNicDefaults } from '../../config/nic-defaults.ts'
import { fixedMode } from '../../modes/choose.ts'
import { NOT_LOOKED_FOR } from '../../modes/facts.ts'
import { judge, sentenceOf } from '../../modes/verdict.ts'
import { type ErrorCode, fail } from '../../words/errors.ts'
import type { GuestSpec } from '../../config/guest-spec.ts'
import type { Common } from './context.ts'
import { type Definition, type GuestEntry, currentDefinition } from './guest-entry.ts'
import { examinedOf, findingText } from './read-definition.ts'

export type Linted = z.output<typeof lintSchema>
export type LintBody = z.output<typeof lintBodySchema>

/** A text with all that is to be said about it, whether it loads or not. */
export async function lintText(
  context: Common,
  { file, text, overrides = [], name }: LintBody['definition'] & Pick<LintBody, 'overrides' | 'name'>,
): Promise<Linted> {
  const { spec } = examineGuest(text, { file, overrides })
  const expected = name === undefined ? {} : { expectedName: name }
  const facts = spec === undefined ? {} : await factsFor(context, spec, 'all')
  const findings = lintGuest(text, { file, overrides }, { ...facts, ...expected })
  return { spec: spec ?? null, findings: findings.map((finding) => ({ ...finding, where: { ...finding.where } })) }
}

/** Which other guests a definition is compared with: those that run are in the way of a start, all of a definition. */
type Beside = 'all' | 'running'

export const lintOnHost = async (
  context: Common,
  definition: Pick<Definition, 'file' | 'text' | 'overrides' | 'spec'>,
  beside: Beside,
): Promise<readonly Finding[]> =>
  lintExamined(examinedOf(definition), definition.file, await factsFor(context, definition.spec, beside))

async function factsFor({ host, registry }: Common, spec: GuestSpec, beside: Beside): Promise<LintFacts> {
  const facts = await host.facts()
  const inspection = await host.inspect(withNicDefaults(spec, facts.nicDefaults))
  const mode = fixedMode(spec)
  const { reasons } = mode === null ? { reasons: [] } : judge(mode, spec, facts, NOT_LOOKED_FOR)
  return {
    ...inspection,
    ...(facts.nicDefaults !== undefined && { nicDefaults: facts.nicDefaults }),
    xenVersion: facts.xenVersion,
    // At a start, Xen says to the page whether there is memory enough, and the step that plans it counts processors.
    ...(beside === 'all' && { hostMemoryMiB: facts.memoryMiB, hostCpus: facts.cpus }),
    hostNodes: facts.numaNodes.length,
    refusals: reasons.flatMap((reason) => (reason.weight === 'cannot' ? [sentenceOf(reason)] : [])),
    neighbours: registry
      .all()
      .filter((entry) => beside === 'all' || entry.run !== null)
      .flatMap(neighbourOf),
  }
}

/** What a guest of ours is defined with; of a domain of others, what Xen says that it has. */
function neighbourOf(entry: GuestEntry): readonly Neighbour[] {
  const spec = currentDefinition(entry)?.spec
  if (spec !== undefined) return [{ ...neighbourFrom(spec), uuid: entry.uuid }]
  const claims = entry.run?.description?.claims
  return claims === undefined ? [] : [{ name: entry.name, uuid: entry.uuid, ...claims }]
}

/** What the error of a rule is called where a definition is refused for it. */
const codes: Readonly<Record<string, ErrorCode>> = {
  'missing-file': 'file-missing',
  'missing-bridge': 'host-lacks',
  'no-such-node': 'host-lacks',
  'too-much-memory': 'no-memory',
  'shared-disk': 'disk-in-use',
  'shared-uuid': 'already-exists',
  'shared-mac': 'already-exists',
  mode: 'mode-refused',
}

/** Throws the first error that was found, with the others as evidence. */
export function mustBeFit({ spec }: Definition, findings: readonly Finding[]): void {
  const [first, ...others] = findings.filter(({ severity }) => severity === 'error')
  if (first === undefined) return
  const { file, line, column } = first.where
  throw fail(codes[first.rule] ?? 'config-invalid', {
    what: first.message,
    where: `${file}:${line}:${column}`,
    why: `the definition of "${spec.name}" cannot work on this host`,
    fix: first.fix,
    ...(others.length > 0 && { evidence: others.map(findingText) }),
  })
}
