/** dom0's packages: a Debian system made by mmdebstrap from the mirrors that this machine itself uses. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { aptOptions, debianSources } from './apt-sources.ts'
import { cached, checkFreeDisk, recipeKey } from './cache.ts'
import { type Flavour, dom0Packages } from './flavours.ts'
import { output, timed } from './run.ts'

/** The modules that dom0's initrd needs. Debian's default of "most" makes it four times as large, and the boot slower. */
const initrdModules = ['virtio_pci', 'virtio_blk', 'ext4']

/** Documentation and translations, which nobody reads in a lab (dpkg.cfg(5), path-exclude). */
const leftOut = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/locale/*', '/usr/share/info/*']

/**
 * mmdebstrap's hooks for a system that boots in the lab: an initrd with these modules, the network by systemd-networkd,
 * root without a password, and nothing of this machine's apt and resolver.
 */
export function bootableHooks(initrdModules: readonly string[]): readonly string[] {
  return [
    '--setup-hook=mkdir -p "$1/etc/initramfs-tools/conf.d" "$1/usr/share/initramfs-tools/modules.d"',
    '--setup-hook=echo MODULES=list > "$1/etc/initramfs-tools/conf.d/lab"',
    `--setup-hook=printf '%s\\n' ${initrdModules.join(' ')} > "$1/usr/share/initramfs-tools/modules.d/lab"`,
    '--customize-hook=chroot "$1" systemctl enable systemd-networkd',
    '--customize-hook=chroot "$1" passwd -d root',
    '--customize-hook=rm -f "$1"/etc/apt/sources.list "$1"/etc/apt/apt.conf.d/99mmdebstrap "$1"/etc/resolv.conf',
  ]
}

const hooks = bootableHooks(initrdModules)

/** Name of the rootfs in the cache. */
export function rootfsName(flavour: Flavour): string {
  return `${recipeKey([flavour, dom0Packages(flavour), hooks, leftOut])}.tar.zst`
}

/** The rootfs of a flavour as a compressed tar, built if missing. */
export function rootfs(flavour: Flavour): Promise<string> {
  return cached('rootfs', rootfsName(flavour), async (path) => {
    checkFreeDisk()
    await timed(`building Debian ${flavour.suite} with Xen ${flavour.xen}`, () =>
      debootstrap(path, { suite: flavour.suite, packages: dom0Packages(flavour), options: hooks }),
    )
  })
}

/** What goes into a Debian system. */
export interface DebianRecipe {
  readonly suite: string
  readonly packages: readonly string[]
  readonly options: readonly string[]
}

/** Makes a Debian system with mmdebstrap, as the compressed tar `path`. */
export async function debootstrap(path: string, recipe: DebianRecipe): Promise<void> {
  const work = `${path}.work`
  const tar = join(work, 'rootfs.tar.zst')
  rmSync(work, { recursive: true, force: true })
  mkdirSync(join(work, 'tmp'), { recursive: true, mode: 0o755 })
  const settings = join(work, 'apt.conf')
  writeFileSync(settings, (await aptOptions()).map((line) => `${line}\n`).join(''))
  const command = [
    'mmdebstrap',
    '--variant=minbase',
    `--aptopt=${settings}`,
    `--include=${recipe.packages.join(',')}`,
    ...leftOut.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
    ...recipe.options,
    recipe.suite,
    tar,
    ...(await debianSources(recipe.suite)),
  ]
  // A killed mmdebstrap leaves its tree in TMPDIR: below a name that the next build removes.
  await output(command, { env: { ...process.env, TMPDIR: join(work, 'tmp') } })
  renameSync(tar, path)
  rmSync(work, { recursive: true, force: true })
}
