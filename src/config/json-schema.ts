/** The JSON Schema of a guest specification, with the sentences of the key table, for editors and clients. */
import { z } from 'zod'
import { GuestSpec } from './guest-spec.ts'
import { keyTable } from './keys/table.ts'

interface Node {
  description?: string
  readonly properties?: Readonly<Record<string, Node>>
  readonly anyOf?: readonly Node[]
}

function fieldAt(schema: Node, path: readonly string[]): Node | undefined {
  return path.reduce<Node | undefined>((node, name) => node?.properties?.[name], schema)
}

/** Draft 2020-12, of what may be written: fields with a default may be left out. Immutable here is not read-only there. */
export function guestJsonSchema(): object {
  const schema = z.toJSONSchema(GuestSpec, {
    io: 'input',
    override: ({ jsonSchema }) => {
      delete jsonSchema.readOnly
    },
  }) as Node
  for (const { name, target, says } of keyTable.values()) {
    const field = target.startsWith('@') ? undefined : fieldAt(schema, target.split('.'))
    if (field !== undefined) field.description = `${says} xl.cfg: ${name}.`
  }
  const mode = fieldAt(schema, ['mode'])
  if (mode !== undefined) mode.description = keyTable.get('mode')?.says ?? ''
  return { title: 'A guest of tetrarch', ...schema }
}
