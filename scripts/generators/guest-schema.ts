// Writes docs/guest.schema.json below the folder given.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { guestJsonSchema } from '../../src/config/json-schema.ts'

const [root = '.'] = process.argv.slice(2)
mkdirSync(join(root, 'docs'), { recursive: true })
writeFileSync(join(root, 'docs/guest.schema.json'), `${JSON.stringify(guestJsonSchema(), null, 2)}\n`)
