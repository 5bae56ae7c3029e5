/** lab material debian: the Debian guest, which is too slow to build for every lab, in the dom0 of this one. */
import { join } from 'node:path'
import { cached, checkFreeDisk, recipeKey, removeUnused } from './cache.ts'
import { dom0 } from './dom0.ts'
import { chosenFlavour, type Flavour } from './flavours.ts'
import { installHostPackages } from './host-packages.ts'
import { locked } from './lock.ts'
import { bootableHooks, debootstrap } from './rootfs.ts'
import { inNamespace, output, timed } from './run.ts'

const folder = join(import.meta.dirname, 'debian-guest')
const guests = join(import.meta.dirname, 'guests')

/** Where the guest's disk lies in dom0. */
const diskInDom0 = '/var/lib/tetrarch-lab/guests/debian.img'

const copyTimeoutMs = 1_200_000

const packages: readonly string[] = [
  'linux-image-amd64',
  'systemd',
  'systemd-sysv',
  'udev',
  'kmod',
  'iproute2',
  'grub-pc-bin',
  'grub-common',
]

/** What the initrd needs in every mode: PV disks, and the emulated controllers under them. */
const initrdModules = ['xen-blkfront', 'xen-netfront', 'ext4', 'ata_piix', 'ahci', 'sd_mod']

/** Modules for what no guest has: half of the image, and copying it is most of what it costs. */
const leftOut = [
  ...['gpu', 'media', 'net/ethernet', 'net/wireless', 'infiniband', 'staging', 'iio', 'usb'].map(
    (one) => `drivers/${one}`,
  ),
  ...['btrfs', 'xfs', 'ocfs2', 'nfs', 'nfsd', 'ceph', 'smb', 'gfs2', 'f2fs', 'jfs'].map((one) => `fs/${one}`),
  'sound',
]

const options = [
  ...bootableHooks(initrdModules),
  ...leftOut.map((pattern) => `--dpkgopt=path-exclude=/lib/modules/*/kernel/${pattern}/*`),
]

/** Builds the Debian guest if it is missing, and copies it into the running lab. */
export async function material([name]: readonly string[]): Promise<number> {
  if (name !== 'debian') throw new Error('usage: lab/lab material debian')
  await dom0.sh('true')
  const disk = await locked('build', () => debianDisk(chosenFlavour(process.env)))
  await timed(`copying the Debian guest to ${diskInDom0}`, async () => {
    const there = `${diskInDom0}.zst`
    await dom0.push(disk, there)
    await dom0.sh(`zstd -dq --rm -f --sparse ${there} -o ${diskInDom0}`, { timeoutMs: copyTimeoutMs })
  })
  return 0
}

async function debianDisk(flavour: Flavour): Promise<string> {
  await installHostPackages()
  const build = join(folder, 'build')
  const sources = [build, join(folder, 'disk.sfdisk'), join(folder, 'root'), join(guests, 'grub.cfg')]
  const name = `${recipeKey([flavour, packages, options], [...sources, join(guests, 'initramfs/bin/marker')])}.img.zst`
  const path = await cached('guests', name, async (temporary) => {
    checkFreeDisk()
    const work = `${temporary}.work`
    const rootfs = `${temporary}.tar.zst`
    await timed('building a Debian guest', async () => {
      await debootstrap(rootfs, { suite: flavour.suite, packages, options })
      await output(inNamespace(['bash', build, rootfs, `${temporary}.raw`, work]))
      await output(['zstd', '-q', '-6', '-T2', '--rm', `${temporary}.raw`, '-o', temporary])
      await output(['rm', '-f', rootfs])
    })
  })
  removeUnused('guests', new Set([name]))
  return path
}
