/** tetrarchd.toml(5), made from the schema of the daemon's configuration. */
import { z } from 'zod'
import { DaemonConfig } from '../../src/config/daemon-config.ts'
import { snakeCase } from '../../src/config/load-daemon-config.ts'
import { definition, page, paragraph, section, subsection } from './roff.ts'

interface Node {
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Node>>
}

function form({ enum: names, default: usual }: Node): string {
  const value = JSON.stringify(usual)
  return names === undefined ? `= ${value}` : `= ${value} (${names.map((name) => JSON.stringify(name)).join(' | ')})`
}

const tables = (schema: Node): readonly string[] =>
  Object.entries(schema.properties ?? {}).map(([table, { description = '', properties = {} }]) =>
    subsection(
      `[${snakeCase(table)}]`,
      paragraph(description),
      ...Object.entries(properties).map(([key, node]) =>
        definition(snakeCase(key), form(node), node.description ?? ''),
      ),
    ),
  )

export const daemonPage = (): string =>
  page(
    'tetrarchd.toml',
    5,
    'configuration of tetrarchd',
    section(
      'Description',
      paragraph(
        '/etc/tetrarch/tetrarchd.toml configures the daemon, in TOML. Everything has a default, which stands here; a file that says nothing is complete. Unknown tables and keys are refused, with their place.',
      ),
    ),
    section('Tables', ...tables(z.toJSONSchema(DaemonConfig, { io: 'input' }) as Node)),
    section('See also', paragraph('tetrarch(1), tetrarch.cfg(5)')),
  )
