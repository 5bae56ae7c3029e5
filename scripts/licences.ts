/**
 * Fails when a dependency has a licence that is not on the list. What is shipped must fit into a package under Apache-2.0;
 * tools of the checkout may also have a licence that asks something of those who change them.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const SHIPPED = new Set(['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'])
const TOOLS = new Set([...SHIPPED, 'CC0-1.0', 'MPL-2.0', 'Python-2.0'])
/** Node itself: a tool of the checkout by package.json, and in the package all the same. */
const RUNTIME = /node_modules\/node-linux-/

const lockFile = z.object({
  packages: z.record(z.string(), z.object({ license: z.string().optional(), dev: z.boolean().optional() })),
})
export type LockFile = z.infer<typeof lockFile>

/** The packages of a lock file whose licence is not on the list, each with its licence. */
export function refusedLicences({ packages }: LockFile): readonly string[] {
  return Object.entries(packages).flatMap(([folder, { license = 'no licence', dev = false }]) => {
    if (folder === '') return []
    const allowed = dev && !RUNTIME.test(folder) ? TOOLS : SHIPPED
    return isAllowed(license, allowed) ? [] : [`${folder.replace(/^.*node_modules\//, '')}: ${license}`]
  })
}

/** SPDX expressions of licences joined by AND or OR, not of both. */
function isAllowed(expression: string, allowed: ReadonlySet<string>): boolean {
  const words = expression.replaceAll(/[()]/g, '')
  if (words.includes(' OR ')) return words.split(' OR ').some((licence) => allowed.has(licence))
  return words.split(' AND ').every((licence) => allowed.has(licence))
}

if (import.meta.main) {
  const lock = lockFile.parse(JSON.parse(readFileSync(join(import.meta.dirname, '../package-lock.json'), 'utf8')))
  const refused = refusedLicences(lock)
  for (const line of refused) console.error(`licences: ${line}`)
  process.exitCode = refused.length > 0 ? 1 : 0
}
