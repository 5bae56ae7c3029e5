/**
 * The text of /etc/tetrarch/tetrarchd.toml: every setting with its sentence and its default, commented out, made from
 * the schema. Run as a program it prints the text.
 */
import { z } from 'zod'
import { DaemonConfig } from '../src/config/daemon-config.ts'
import { snakeCase } from '../src/config/load-daemon-config.ts'

const setting = z.object({ description: z.string(), default: z.unknown() })
const schema = z.object({
  properties: z.record(
    z.string(),
    z.object({ description: z.string(), properties: z.record(z.string(), setting).default({}) }),
  ),
})

const INTRODUCTION = `# Configuration of tetrarchd. What is commented out shows the default.
# After a change: systemctl restart tetrarchd (guests keep running).
`

export function tetrarchdToml(): string {
  const { properties } = schema.parse(z.toJSONSchema(DaemonConfig, { io: 'input' }))
  const tables = Object.entries(properties).map(([table, { description, properties: keys }]) => {
    const settings = Object.entries(keys).map(
      // A string, a number or a list of them is written the same in JSON and in TOML.
      ([key, is]) => `# ${is.description}\n#${snakeCase(key)} = ${JSON.stringify(is.default)}\n`,
    )
    return `\n# ${description}\n[${snakeCase(table)}]\n${settings.join('')}`
  })
  return INTRODUCTION + tables.join('')
}

if (import.meta.main) process.stdout.write(tetrarchdToml())
