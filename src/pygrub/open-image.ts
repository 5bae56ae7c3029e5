/**
 * Opens a guest's disk with the images below it: backing files of qcow2, parents of differencing VHD. Only where the
 * guest's definition says that format: a raw disk may begin with anything that its guest wrote there.
 *
 * The names of the files below stand in the images, so they are held to rules: regular files only, in the folder of the
 * disk or one that the administrator named, in a format that the image states, a bounded number, none twice.
 */
import type { FileHandle } from 'node:fs/promises'
import { readlink, realpath, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { fail } from '../words/errors.ts'
import { DiskFault } from './disk-fault.ts'
import type { FindParent, ParentName, ReadAt } from './disk/parent-name.ts'
import { qcow2Parent } from './disk/qcow2-parent.ts'
import { vhdId, vhdParent } from './disk/vhd-parent.ts'
import { type Input, openInput } from './input.ts'
import { plainLine } from './plain-line.ts'
import type { DiskFormat, DiskRequest } from './types.ts'

export interface ParentRules {
  /** Folders that may hold files below images, with all in them; beside them the folder of the disk itself. */
  readonly parentFolders: readonly string[]
  /** Files below one disk. */
  readonly maxParents: number
}

export interface ImageFile {
  /** Without symbolic links. */
  readonly path: string
  readonly format: DiskFormat
  readonly input: Input
}

/** The disk first, then what lies below it. */
export interface Image {
  readonly files: readonly [ImageFile, ...ImageFile[]]
  [Symbol.asyncDispose](): Promise<void>
}

const parentOf: Readonly<Record<DiskFormat, FindParent | null>> = { raw: null, qcow2: qcow2Parent, vhd: vhdParent }

/** Throws `file-missing` for a disk that cannot be read, `boot-loader-failed` for a file below it that is not followed. */
export async function openImage({ disk, format }: DiskRequest, rules: ParentRules): Promise<Image> {
  const files: [ImageFile, ...ImageFile[]] = [{ path: disk, format, input: await openInput(disk) }]
  const close = async (): Promise<void> => {
    for (const { input } of files) await input[Symbol.asyncDispose]()
  }
  try {
    const folders = await allowedFolders(disk, rules)
    /** As the images name it, for relative names in the next. */
    let named = disk
    for (let image = files[0]; ;) {
      const parent = await lookUp(image, disk)
      if (parent === null) return { files, [Symbol.asyncDispose]: close }
      const refused: Refused = (why, fix) => refusal(disk, { image: named, why, fix })
      if (files.length > rules.maxParents)
        throw refused(
          `it has more than ${rules.maxParents} files below it`,
          'qemu-img commit, or raise max_parents of [boot_loader]',
        )
      named = resolve(dirname(named), parent.path)
      image = await openParent(named, parent, { folders, refused })
      files.push(image)
      await checkFile(image, parent, { others: files.slice(0, -1), refused })
    }
  } catch (thrown) {
    await close()
    throw thrown
  }
}

/** Where files below the disk may lie: directly in its own folder, anywhere in those that the administrator named. */
interface Folders {
  readonly own: readonly string[]
  readonly named: readonly string[]
}

async function allowedFolders(disk: string, { parentFolders }: ParentRules): Promise<Folders> {
  const real = (path: string): Promise<string> => realpath(path).catch(() => path)
  return {
    own: [await real(dirname(resolve(disk))), dirname(await real(disk))],
    named: await Promise.all(parentFolders.map(real)),
  }
}

const isIn = (path: string, { own, named }: Folders): boolean =>
  own.includes(dirname(path)) || named.some((folder) => path.startsWith(folder.endsWith('/') ? folder : `${folder}/`))

type Refused = (why: string, fix?: string) => Error

const MOVE_IT =
  "keep what lies below a disk in the disk's own folder, or name its folder in parent_folders of [boot_loader]"

const refusal = (disk: string, { image, why, fix }: { image: string; why: string; fix?: string | undefined }): Error =>
  fail('boot-loader-failed', {
    what: `cannot boot from ${disk}`,
    why: plainLine(`${image} ${why}`),
    stage: 'boot loader',
    fix: fix ?? `qemu-img info --backing-chain ${disk}`,
  })

async function lookUp({ path, format, input }: ImageFile, disk: string): Promise<ParentName | null> {
  try {
    return (await parentOf[format]?.(reader(input), input.size)) ?? null
  } catch (thrown) {
    if (!(thrown instanceof DiskFault || thrown instanceof RangeError)) throw thrown
    throw refusal(disk, { image: path, why: thrown.message })
  }
}

const reader =
  ({ handle, size }: Input): ReadAt =>
  async (position, length) => {
    if (position < 0 || position + length > size) throw new DiskFault('has a header that leaves it')
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position)
    if (bytesRead < length) throw new DiskFault('ends before its size')
    return buffer
  }

async function openParent(
  named: string,
  { format }: ParentName,
  { folders, refused }: { folders: Folders; refused: Refused },
): Promise<ImageFile> {
  const path = await realpath(named).catch(() => null)
  if (path === null) throw refused(`needs ${named}, which is not there`)
  if (!isIn(path, folders)) throw refused(`needs ${path}, which is not in a folder where that is looked for`, MOVE_IT)
  // Asked before it is opened: opening a device or a fifo may do something by itself.
  if (!(await stat(path)).isFile()) throw refused(`needs ${path}, which is no regular file`)
  const input = await openInput(path)
  return { path, format, input }
}

/** That the file is the one that was meant, whatever happened to its path in between. */
async function checkFile(
  { path, input }: ImageFile,
  parent: ParentName,
  { others, refused }: { others: readonly ImageFile[]; refused: Refused },
): Promise<void> {
  if ((await readlink(`/proc/self/fd/${input.handle.fd}`)) !== path) throw refused(`needs ${path}, which is changing`)
  const identity = await identityOf(input.handle)
  for (const other of others) {
    if ((await identityOf(other.input.handle)) === identity) throw refused(`needs ${path}, which stands above it`)
  }
  if (parent.id !== null && (await vhdId(reader(input), input.size)) !== parent.id) {
    throw refused(`needs another ${path} than the one that is there: its id is different`)
  }
}

async function identityOf(handle: FileHandle): Promise<string> {
  const { dev, ino } = await handle.stat({ bigint: true })
  return `${dev}:${ino}`
}
