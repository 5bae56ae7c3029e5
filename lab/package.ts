/** The working tree as dom0 gets it: the .deb, or the files that would be in it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { checkout } from './place.ts'
import { output } from './run.ts'

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

/** A version before any that we publish. */
export const earlierVersion = '0.0.1'

/** A file of the earlier build that later ones do not have. */
export const earlierFile = '/usr/lib/tetrarch/of-an-earlier-build.mjs'

/**
 * What an earlier build would be, for tests of upgrades: the built tree with another version and a file of its own. Its
 * runtime is a link to a file of dom0, since to unpack that is most of what an installation takes.
 */
export async function buildEarlierPackage({ runtime }: { readonly runtime: string }): Promise<string> {
  const built = await buildPackage('none')
  const work = mkdtempSync(join(tmpdir(), 'tetrarch-earlier-'))
  const tree = join(work, 'tree')
  const deb = join(work, `tetrarch_${earlierVersion}_amd64.deb`)
  const own = join(tree, 'usr/lib/tetrarch/node')
  const filter = (path: string) => path !== join(built, 'usr/lib/tetrarch/node')
  cpSync(built, tree, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true, filter })
  symlinkSync(runtime, own)
  writeFileSync(join(tree, earlierFile), '')
  const control = join(tree, 'DEBIAN/control')
  writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*$/m, `Version: ${earlierVersion}`))
  await output(['dpkg-deb', '--root-owner-group', '-Zzstd', '-z1', '--build', tree, deb])
  rmSync(tree, { recursive: true })
  return deb
}
