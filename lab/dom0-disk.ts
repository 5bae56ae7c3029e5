/** dom0's disk, kernel, initrd and Xen, from the packages, the files in dom0-root/ and the guest material. */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cached, checkFreeDisk, recipeKey } from './cache.ts'
import type { Flavour } from './flavours.ts'
import { rootfs, rootfsName } from './rootfs.ts'
import { inNamespace, output, timed } from './run.ts'

/** Size of dom0's disk. The file is sparse: it takes what is written. */
const diskSize = '8G'

const files = join(import.meta.dirname, 'dom0-root')
const script = join(import.meta.dirname, 'dom0-disk.sh')
const guests = join(import.meta.dirname, 'guests')

/** The parts that a machine boots from. */
export interface Dom0 {
  readonly directory: string
  readonly disk: string
  readonly xen: string
  readonly kernel: string
  readonly initrd: string
  readonly sshKey: string
}

/** Name of a flavour's dom0 in the cache. */
export function dom0Name(flavour: Flavour): string {
  return recipeKey([rootfsName(flavour), diskSize], [files, script, guests])
}

/** The dom0 of a flavour, built if missing. */
export async function dom0Image(flavour: Flavour): Promise<Dom0> {
  const directory = await cached('dom0', dom0Name(flavour), async (path) => {
    const packages = await rootfs(flavour)
    checkFreeDisk()
    mkdirSync(path, { recursive: true })
    await output(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'lab', '-f', join(path, 'ssh-key')])
    await timed("building dom0's disk and the guest material", () =>
      output(inNamespace(['bash', script, packages, path, diskSize, flavour.xen])),
    )
    rmSync(join(path, 'root'), { recursive: true, force: true })
  })
  const at = (name: string) => join(directory, name)
  return {
    directory,
    disk: at('disk.img'),
    xen: at('xen'),
    kernel: at('vmlinuz'),
    initrd: at('initrd.img'),
    sshKey: at('ssh-key'),
  }
}
