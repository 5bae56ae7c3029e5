/** lab sync: what changed in the working tree since the last install or sync, into dom0, in seconds. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { dom0, reachable } from './dom0.ts'
import { sendBelowRoot } from './exchange.ts'
import { buildPackage } from './package.ts'
import { labName, labPlace } from './place.ts'
import { say, timed } from './run.ts'
import { quoted } from './ssh.ts'

/** Hashes by path below /. */
type Sums = Readonly<Record<string, string>>

/** dpkg's own, and the settings, which are dom0's once they are there. */
const notSent = ['DEBIAN/', 'etc/']

/** What dom0 has, as far as this machine sent it. The file goes with the lab. */
const sentFile = () => join(labPlace(labName()).directory, 'sent.json')

/** The hashes of all files of a package's tree, whose modes are part of them. */
export function sumsOf(tree: string): Sums {
  const files = readdirSync(tree, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = files.map((entry) => relative(tree, join(entry.parentPath, entry.name)))
  const sum = (path: string) => {
    const file = join(tree, path)
    return createHash('sha1').update(statSync(file).mode.toString(8)).update(readFileSync(file)).digest('hex')
  }
  return Object.fromEntries(
    paths.filter((path) => !notSent.some((start) => path.startsWith(start))).map((path) => [path, sum(path)]),
  )
}

/** What has to be written and removed so that `before` becomes `after`. */
export function difference(
  before: Sums,
  after: Sums,
): { readonly changed: readonly string[]; readonly gone: readonly string[] } {
  return {
    changed: Object.keys(after).filter((path) => before[path] !== after[path]),
    gone: Object.keys(before).filter((path) => !(path in after)),
  }
}

/** Writes down that dom0 has what is in `tree`. */
export const remember = (tree: string): void => writeFileSync(sentFile(), JSON.stringify(sumsOf(tree)))

/** dom0 got something else, or will: the next sync installs. */
export const forget = (): void => rmSync(sentFile(), { force: true })

function remembered(): Sums | undefined {
  try {
    return JSON.parse(readFileSync(sentFile(), 'utf8')) as Sums
  } catch {
    return undefined
  }
}

/** Whether the package is in dom0 and this machine knows its files. */
async function known(): Promise<Sums | undefined> {
  const sums = remembered()
  const { code } = await dom0.exec('test -x /usr/lib/tetrarch/node && test -e /var/lib/dpkg/info/tetrarch.list')
  return code === 0 ? sums : undefined
}

/** Brings dom0 to the working tree. Returns false when the package was not there, so that there is nothing to change. */
export async function syncChanges(): Promise<boolean> {
  const before = await known()
  if (before === undefined) return false
  const tree = await timed('building', () => buildPackage('none'))
  const { changed, gone } = difference(before, sumsOf(tree))
  if (changed.length + gone.length === 0) {
    say('dom0 has the working tree already')
    return true
  }
  // If this is cut off, dom0 has neither the old nor the new files.
  forget()
  await timed(`sending ${changed.length} changed files, removing ${gone.length}`, async () => {
    if (changed.length > 0) await sendBelowRoot(await reachable(), tree, changed)
    if (gone.length > 0) await dom0.sh(`cd / && rm -f -- ${gone.map(quoted).join(' ')}`)
  })
  remember(tree)
  const units = changed.some((path) => path.startsWith('lib/systemd/'))
  await timed('restarting tetrarchd', () =>
    dom0.sh(`${units ? 'systemctl daemon-reload && ' : ''}systemctl restart tetrarchd.service`),
  )
  return true
}
