// Writes docs/openapi.json below the folder given.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openApiDocument } from '../../src/api/openapi.ts'

const [root = '.'] = process.argv.slice(2)
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
mkdirSync(join(root, 'docs'), { recursive: true })
writeFileSync(join(root, 'docs/openapi.json'), `${JSON.stringify(openApiDocument(version), null, 2)}\n`)
