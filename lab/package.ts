/** The working tree as dom0 gets it: the .deb, or the files that would be in it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { checkout } from './place.ts'

/** zstd: what dom0 unpacks in emulation should be quick to unpack. none: the files alone, in a directory. */
export type Packing = 'zstd' | 'none'

/** Runs scripts/deb, whose last line is the path of what it made. */
export async function buildPackage(packing: Packing): Promise<string> {
  const env = { ...process.env, DEB_COMPRESSION: packing }
  const child = spawn('scripts/run', ['deb'], { cwd: checkout, env, stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text))
  const [code] = (await once(child, 'close')) as [number | null]
  const path = printed.trimEnd().split('\n').at(-1) ?? ''
  if (code !== 0) throw new Error(`scripts/run deb: exit ${String(code)}`)
  if (!path.startsWith('/')) throw new Error(`scripts/run deb: its last line is no path: "${path}"`)
  return resolve(checkout, path)
}
