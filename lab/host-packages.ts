/** The Debian packages that the lab needs on the machine that runs it. */
import { readFileSync } from 'node:fs'
import { capture, output, timed } from './run.ts'

const packages: readonly string[] = [
  'mmdebstrap',
  'debian-archive-keyring',
  'uidmap',
  'qemu-system-x86',
  'qemu-utils',
  'openssh-client',
  'e2fsprogs',
  'fdisk',
  'dosfstools',
  'mtools',
  'syslinux',
  'syslinux-common',
  'cpio',
  'kmod',
  'zstd',
  'util-linux',
]

/** Installs what is missing, with apt-get, as root or through sudo. Does nothing, quickly, when all is there. */
export async function installHostPackages(): Promise<void> {
  const missing = missingPackages()
  if (missing.length === 0) return
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const apt = (...args: readonly string[]) => [
    ...asRoot,
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    '-q',
    ...args,
  ]
  await timed(`installing ${missing.join(' ')}`, async () => {
    if ((await capture(['apt-get', '--version'])).code !== 0)
      throw new Error('the lab needs Debian: there is no apt-get')
    await output(apt('update'))
    await output(apt('install', '-y', '--no-install-recommends', ...missing))
  })
}

/** Reads dpkg's own list: asking dpkg-query costs a quarter of a second at every start. */
function missingPackages(): readonly string[] {
  const installed = new Set<string>()
  for (const entry of readFileSync('/var/lib/dpkg/status', 'utf8').split('\n\n')) {
    const name = /^Package: (.*)$/m.exec(entry)?.[1]
    if (name !== undefined && /^Status: install ok installed$/m.test(entry)) installed.add(name)
  }
  return packages.filter((name) => !installed.has(name))
}
