/**
 * Queries over guests and events, in Xen Orchestra's search language, read by its own package. Promises: a query that cannot
 * be read, or names a field that is not there, is refused with its place; one that takes too long is stopped, since a
 * regular expression can be made to.
 */
import { Script, createContext } from 'node:vm'
import { parse } from 'complex-matcher'
import { didYouMean } from '../../config/similar.ts'
import { TetrarchError, fail } from '../../words/errors.ts'

export interface QueryRules {
  /** Names of the fields that a query may ask for. */
  readonly fields: ReadonlySet<string>
  /** Queries of the daemon configuration by name, for `@name`. */
  readonly saved: Readonly<Record<string, string>>
  /** Time for one round of comparisons. */
  readonly timeoutMs: number
}

export interface Query {
  /** Those of the records that are as asked. Throws `usage` when comparing takes too long. */
  select<T>(items: readonly T[], recordOf: (item: T) => object): readonly T[]
}

type Node = ReturnType<typeof parse>

/** Reads a query. Throws `usage` with the place of what is wrong. */
export function compileQuery(written: string, { fields, saved, timeoutMs }: QueryRules): Query {
  const text = withSaved(written, saved)
  const root = read(text)
  for (const name of fieldsOf(root)) mustBeField(name, fields, text)
  return {
    select: (items, recordOf) => within(timeoutMs, written, () => items.filter((item) => root.match(recordOf(item)))),
  }
}

/** Texts and regular expressions, which are left as they are, and names of saved queries. */
const TOKEN = /"(?:\\.|[^"\\])*"|\/(?:\\.|[^/\\])*\/|@([\w-]*)/g

function withSaved(text: string, saved: QueryRules['saved']): string {
  return text.replaceAll(TOKEN, (token, name: string | undefined, at: number) => {
    if (name === undefined) return token
    const query = Object.hasOwn(saved, name) ? saved[name] : undefined
    if (query !== undefined) return `(${query})`
    const names = Object.keys(saved)
    throw refusal(text, at, `there is no saved query "@${name}"`, meant(name, names, '@') ?? namesFix(names))
  })
}

const namesFix = (names: readonly string[]): string =>
  names.length === 0
    ? 'save one under [queries] in /etc/tetrarch/tetrarchd.toml'
    : `there are: ${names.map((name) => `@${name}`).join(', ')}`

function read(text: string): Node {
  try {
    return parse(text)
  } catch (thrown) {
    const said = thrown instanceof Error ? thrown.message : String(thrown)
    const at = / at position (\d+)$/.exec(said)?.[1]
    // The parser's own words name its rules; what it stopped at is what a person needs.
    if (at !== undefined) throw refusal(text, Number(at), 'it cannot be read from here on', SYNTAX)
    throw refusal(text, null, said.charAt(0).toLowerCase() + said.slice(1), SYNTAX)
  }
}

const SYNTAX = 'terms are: word, "a text", /a pattern/i, field:term, field?, field:>2, !term, (term term), |(term term)'

/** The names of the fields that a query asks for, outermost ones only: what is inside a field is its own matter. */
function fieldsOf(node: Node): readonly string[] {
  if (node.name !== undefined) return [node.name]
  return [...(node.children ?? []), ...(node.child === undefined ? [] : [node.child])].flatMap(fieldsOf)
}

function mustBeField(name: string, fields: ReadonlySet<string>, text: string): void {
  if (fields.has(name)) return
  const at = text.indexOf(name)
  throw refusal(text, Math.max(0, at), `there is no field "${name}"`, meant(name, [...fields]) ?? FIELDS)
}

const FIELDS = 'the fields are listed in docs/queries.md'

function meant(name: string, names: readonly string[], sign = ''): string | undefined {
  const guess = didYouMean(name, names)
  return guess === undefined ? undefined : `did you mean "${sign}${guess}"?`
}

function refusal(text: string, at: number | null, why: string, fix: string): TetrarchError {
  const pointed = at === null ? [] : [`${' '.repeat(at)}^`]
  const where = at === null ? {} : { where: `query:${at + 1}` }
  return fail('usage', { what: 'this is no query', ...where, why, fix, evidence: [text, ...pointed] })
}

const stage = createContext({ work: null as (() => unknown) | null })
const script = new Script('work()')

/** Runs work that ends in time. Only a virtual machine's watchdog stops a regular expression that backtracks without end. */
function within<T>(timeoutMs: number, text: string, work: () => T): T {
  stage['work'] = work
  try {
    return script.runInContext(stage, { timeout: timeoutMs }) as T
  } catch (thrown) {
    if (!isTimeout(thrown)) throw thrown
    throw fail('usage', {
      what: `the query took longer than ${timeoutMs} ms and was stopped`,
      why: 'a regular expression in it tries too many ways',
      fix: 'write a simpler one',
      evidence: [text],
    })
  } finally {
    stage['work'] = null
  }
}

const isTimeout = (thrown: unknown): boolean =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown && thrown.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
