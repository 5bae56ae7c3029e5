/** lab packages: Debian packages that only some tests need, in the dom0 of this lab; the rootfs stays as small as it is. */
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { aptOptions, debianSources } from './apt-sources.ts'
import { cached, recipeKey, removeUnused } from './cache.ts'
import { dom0 } from './dom0.ts'
import { type Flavour, chosenFlavour } from './flavours.ts'
import { locked } from './lock.ts'
import { rootfs, rootfsName } from './rootfs.ts'
import { output, timed } from './run.ts'

/** Where they lie in dom0 while they are installed. */
const folderInDom0 = '/var/tmp/lab-packages'

/** Unpacking is slow in emulation, milliseconds. */
const installMs = 600_000

/**
 * Installs packages and what they depend on, without what they only recommend. Services are not started: whoever needs one
 * starts it. Does nothing when all are there.
 */
export async function packages(names: readonly string[]): Promise<number> {
  if (names.length === 0 || names.some((name) => !/^[a-z0-9][a-z0-9.+-]+$/.test(name))) {
    throw new Error('usage: lab/lab packages NAME…')
  }
  const { code } = await dom0.exec(['dpkg', '--verify', ...names])
  if (code === 0) return 0
  const flavour = chosenFlavour(process.env)
  const folder = await locked('build', () => downloaded(flavour, names))
  await timed(`installing ${names.join(', ')}`, async () => {
    await dom0.push(folder, folderInDom0)
    await dom0.sh(
      `cd ${folderInDom0}
      printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d
      chmod +x /usr/sbin/policy-rc.d
      DEBIAN_FRONTEND=noninteractive dpkg --force-unsafe-io -i *.deb; result=$?
      rm -rf /usr/sbin/policy-rc.d ${folderInDom0}
      exit $result`,
      { timeoutMs: installMs },
    )
  })
  return 0
}

/** A folder with the packages and all they need beside what every dom0 of this flavour has. */
async function downloaded(flavour: Flavour, names: readonly string[]): Promise<string> {
  const key = recipeKey([rootfsName(flavour), [...names].sort()])
  const path = await cached('packages', key, async (temporary) => {
    const base = await rootfs(flavour)
    await timed(`fetching ${names.join(', ')}`, () => download(temporary, { base, flavour, names }))
  })
  removeUnused('packages', new Set([key]))
  return path
}

interface Wanted {
  /** The rootfs whose packages are there already. */
  readonly base: string
  readonly flavour: Flavour
  readonly names: readonly string[]
}

/** apt of this machine, looking at dom0's packages in the place of its own. */
async function download(path: string, { base, flavour, names }: Wanted): Promise<void> {
  const work = `${path}.work`
  rmSync(work, { recursive: true, force: true })
  for (const folder of ['lists/partial', 'archives/partial']) mkdirSync(join(work, folder), { recursive: true })
  const status = join(work, 'status')
  const sources = join(work, 'sources.list')
  const settings = join(work, 'apt.conf')
  writeFileSync(status, await output(['tar', '--zstd', '-xOf', base, './var/lib/dpkg/status']))
  writeFileSync(sources, (await debianSources(flavour.suite)).map((line) => `${line}\n`).join(''))
  const places = [
    `Dir::State::status "${status}";`,
    `Dir::State::lists "${join(work, 'lists')}";`,
    `Dir::Cache "${work}";`,
    `Dir::Etc::sourcelist "${sources}";`,
    'Dir::Etc::sourceparts "/dev/null";',
    'APT::Sandbox::User "";',
    'Debug::NoLocking "true";',
  ]
  writeFileSync(settings, [...(await aptOptions()), ...places, ''].join('\n'))
  const env = { ...process.env, APT_CONFIG: settings }
  await output(['apt-get', '-q', 'update'], { env })
  await output(['apt-get', '-q', '-y', '--no-install-recommends', '--download-only', 'install', ...names], { env })
  mkdirSync(path)
  for (const name of readdirSync(join(work, 'archives')).filter((one) => one.endsWith('.deb'))) {
    renameSync(join(work, 'archives', name), join(path, name))
  }
  rmSync(work, { recursive: true, force: true })
}
