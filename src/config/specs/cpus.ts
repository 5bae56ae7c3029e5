/** Sets of host processors, `all`, `0-3,^2`, `nodes:0-1,^node:1` (xl.cfg(5), cpus; Xen tools/xl/xl_parse.c). */

/** One part of a set: what it adds or takes away. */
export interface CpuTerm {
  readonly kind: 'all' | 'cpus' | 'nodes'
  readonly adds: boolean
  readonly first: number
  readonly last: number
}

const TERM = /^(\^?)(nodes?:)?(?:(all)|\s*(\d{1,5})(?:-\s*(\d{1,5}))?)$/

function termOf(part: string): CpuTerm | undefined {
  const match = TERM.exec(part)
  if (match === null) return undefined
  const [, not, nodes, all, first = '0', last = first] = match
  if (all !== undefined) return not === '' ? { kind: 'all', adds: true, first: 0, last: 0 } : undefined
  if (Number(last) < Number(first)) return undefined
  const kind = nodes === undefined ? 'cpus' : 'nodes'
  return { kind, adds: not === '', first: Number(first), last: Number(last) }
}

const partsOf = (set: string) => set.split(',').filter((part) => part !== '')

/** The terms of a set in their order, or undefined if one of them is none. */
export function cpuTerms(set: string): readonly CpuTerm[] | undefined {
  const terms = partsOf(set).map(termOf)
  return terms.every((term) => term !== undefined) ? terms : undefined
}

function termText({ kind, adds, first, last }: CpuTerm): string {
  if (kind === 'all') return 'all'
  const range = first === last ? String(first) : `${first}-${last}`
  return `${adds ? '' : '^'}${kind === 'nodes' ? 'nodes:' : ''}${range}`
}

/** The same set without blanks and empty parts, or undefined for what is no set. */
export function cpuSetText(set: string): string | undefined {
  return cpuTerms(set)?.map(termText).join(',')
}

export interface HostCpus {
  readonly count: number
  /** The processors of each NUMA node. */
  readonly nodes: readonly (readonly number[])[]
}

/** The processors of a set on a host, ascending; those that the host lacks are left out, as Xen does. */
export function cpusOf(set: string, host: HostCpus): readonly number[] {
  const cpus = new Set<number>()
  for (const { kind, adds, first, last } of cpuTerms(set) ?? []) {
    for (const cpu of termCpus(kind, first, last, host)) {
      if (adds) cpus.add(cpu)
      else cpus.delete(cpu)
    }
  }
  return [...cpus].sort((a, b) => a - b)
}

function termCpus(kind: CpuTerm['kind'], first: number, last: number, { count, nodes }: HostCpus): readonly number[] {
  const everything = Array.from({ length: count }, (_, cpu) => cpu)
  if (kind === 'all') return everything
  if (kind === 'cpus') return everything.slice(first, last + 1)
  return nodes.slice(first, last + 1).flat()
}
