/**
 * The text format of OpenMetrics 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/). Written here rather than by
 * prom-client: that keeps counters of its own, which only count up by steps, while ours are Xen's; and it brings a tracing
 * library of 2 MB.
 */
import { escapeControl } from '../../words/escape-control.ts'

export type Labels = Readonly<Record<string, string>>

export interface Sample {
  readonly labels: Labels
  readonly value: number
}

/** A metric family without its samples. */
export interface Family {
  /** Without the suffix that its type gives it. */
  readonly name: string
  readonly type: keyof typeof SUFFIXES
  /** The last part of its name, where it has a unit. */
  readonly unit?: 'seconds' | 'bytes'
  readonly help: string
}

/** What a sample's name has behind that of its family. */
const SUFFIXES = { counter: '_total', gauge: '', info: '_info' } as const

/** The name that queries use. */
export const sampleName = ({ name, type }: Pick<Family, 'name' | 'type'>): string => name + SUFFIXES[type]

/** All families with their samples. Of samples with the same labels the first counts: two would spoil the whole answer. */
export function writeOpenMetrics(families: readonly (readonly [Family, readonly Sample[]])[]): string {
  return [...families.map(([family, samples]) => writeFamily(family, samples)), '# EOF\n'].join('')
}

function writeFamily(family: Family, samples: readonly Sample[]): string {
  const { name, type, unit, help } = family
  const lines = new Map<string, string>()
  for (const { labels, value } of samples) {
    const series = `${sampleName(family)}${writeLabels(labels)}`
    if (!lines.has(series)) lines.set(series, `${series} ${value}`)
  }
  const head = [
    `# TYPE ${name} ${type}`,
    ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${escaped(help)}`,
  ]
  return `${[...head, ...lines.values()].join('\n')}\n`
}

function writeLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(escapeControl(value))}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

/** A backslash, a quote and a line feed are the three characters that are escaped. */
const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
