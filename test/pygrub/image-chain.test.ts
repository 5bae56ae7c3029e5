import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { extractBoot, listBootEntries, type SandboxOptions } from '../../src/pygrub/sandbox.ts'
import { kernel, ramdisk } from './fixtures/debian.ts'
import { differencingVhd } from './fixtures/differencing-vhd.ts'
import { damaged, extImage, temporaryFolder, tool } from './fixtures/images.ts'
import { elfKernel } from './fixtures/kernels.ts'
import { failure, sandboxOptions } from './fixtures/sandbox-program.ts'

const options = sandboxOptions()

const menu = (append: string) => `default a\nlabel a\nlinux /boot/vmlinuz\ninitrd /boot/initrd\nappend ${append}\n`

/** A folder with a raw disk that boots. */
function rawDisk(): { folder: string; base: string; out: string } {
  const folder = temporaryFolder()
  const boot = join(folder, 'tree/boot')
  for (const path of [boot, join(folder, 'out'), join(folder, 'elsewhere')]) mkdirSync(path, { recursive: true })
  writeFileSync(join(boot, 'vmlinuz'), kernel)
  writeFileSync(join(boot, 'initrd'), ramdisk)
  writeFileSync(join(boot, 'extlinux.conf'), menu('base'))
  const base = extImage(join(folder, 'base.raw'), join(folder, 'tree'), { mebibytes: 8 })
  return { folder, base, out: join(folder, 'out') }
}

/** Changes the menu of a raw disk, and nothing else that matters. */
function changeMenu(disk: string, append: string): void {
  writeFileSync(`${disk}.menu`, menu(append))
  for (const command of ['rm /boot/extlinux.conf', `write ${disk}.menu /boot/extlinux.conf`])
    tool('debugfs', ['-w', '-R', command, disk])
}

const create = (path: string, ...args: string[]): string => {
  tool('qemu-img', ['create', '-q', '-f', 'qcow2', ...args, path])
  return path
}

/** Writes what differs between a raw disk and the chain below an overlay into the overlay, as a guest would. */
function overlayOf(path: string, changed: string, backing: string, format: string): string {
  tool('qemu-img', ['convert', '-q', '-f', 'raw', '-O', 'qcow2', '-B', backing, '-F', format, changed, path])
  return path
}

const starter =
  (disk: string, format: 'raw' | 'qcow2' | 'vhd', out: string) =>
  (by: Partial<SandboxOptions> = {}) =>
    extractBoot({ disk, format, outputDirectory: out }, { ...options, ...by })

describe('a qcow2 disk over backing files', () => {
  test('boots what the newest image has, and the rest from those below', async () => {
    const { folder, base, out } = rawDisk()
    const changed = join(folder, 'changed')
    copyFileSync(base, changed)
    changeMenu(changed, 'middle')
    const middle = overlayOf(join(folder, 'middle.qcow2'), changed, base, 'raw')
    changeMenu(changed, 'top')
    const top = overlayOf(join(folder, 'top.qcow2'), changed, middle, 'qcow2')
    const last = create(join(folder, 'last.qcow2'), '-b', basename(top), '-F', 'qcow2')
    for (const [disk, cmdline] of [
      [middle, 'middle'],
      [top, 'top'],
      [last, 'top'],
    ] as const) {
      const files = await starter(disk, 'qcow2', out)()
      expect(files.cmdline).toBe(cmdline)
      expect(readFileSync(files.kernel).equals(elfKernel())).toBe(true)
      expect(readFileSync(files.ramdisk!).equals(ramdisk)).toBe(true)
    }
    const { entries } = await listBootEntries({ disk: last, format: 'qcow2', kernels: 'look' }, options)
    expect(entries).toMatchObject([{ cmdline: 'top', problem: null }])
  })

  test('may be larger than what lies below, and be of version 2 or compressed', async () => {
    const { folder, base, out } = rawDisk()
    tool('qemu-img', ['convert', '-c', '-O', 'qcow2', '-o', 'compat=0.10', base, join(folder, 'base.qcow2')])
    const disk = create(join(folder, 'disk'), '-o', 'compat=0.10', '-b', 'base.qcow2', '-F', 'qcow2')
    tool('qemu-img', ['resize', '-q', disk, '64M'])
    expect((await starter(disk, 'qcow2', out)()).cmdline).toBe('base')
  })

  test('may lie over a VHD image', async () => {
    const { folder, base, out } = rawDisk()
    tool('qemu-img', ['convert', '-O', 'vpc', '-o', 'force_size=on', base, join(folder, 'base.vhd')])
    const disk = create(join(folder, 'disk'), '-b', 'base.vhd', '-F', 'vpc')
    expect((await starter(disk, 'qcow2', out)()).cmdline).toBe('base')
  })

  test('starts again without a sandbox until one of its files changes', async () => {
    const { folder, base, out } = rawDisk()
    const disk = create(join(folder, 'disk'), '-b', base, '-F', 'raw')
    const start = starter(disk, 'qcow2', out)
    const cache = { directory: join(folder, 'cache'), maxMiB: 100 }
    await start({ cache })
    expect((await start({ cache, program: '/none' })).cmdline).toBe('base')
    changeMenu(base, 'new')
    await failure(start({ cache, program: '/none' }))
    expect((await start({ cache })).cmdline).toBe('new')
  })
})

test.each([
  ['zlib', '64k'],
  ['zstd', '64k'],
  // Menu and kernel then lie in one cluster.
  ['zlib', '2M'],
  ['zstd', '2M'],
])(
  'a disk of clusters packed by %s, of %s, starts again without a sandbox until its menu changes',
  async (by, size) => {
    const { folder, base, out } = rawDisk()
    const disk = join(folder, 'disk')
    const pack = () => {
      const how = ['-c', '-o', `compression_type=${by},cluster_size=${size}`]
      tool('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', ...how, base, disk])
    }
    pack()
    const start = starter(disk, 'qcow2', out)
    const cache = { directory: join(folder, 'cache'), maxMiB: 100 }
    const first = await start({ cache })
    expect(readFileSync(first.kernel).equals(elfKernel())).toBe(true)
    const second = await start({ cache, program: '/none' })
    expect(second.cmdline).toBe('base')
    expect(readFileSync(second.kernel).equals(elfKernel())).toBe(true)
    expect(readFileSync(second.ramdisk!).equals(ramdisk)).toBe(true)
    changeMenu(base, 'diff')
    pack()
    await failure(start({ cache, program: '/none' }))
    expect((await start({ cache })).cmdline).toBe('diff')
  },
)

describe('a file below a disk is not followed', () => {
  const cases: readonly (readonly [string, (at: { folder: string; base: string }) => string[], RegExp])[] = [
    ['of a format that is not read', ({ base }) => ['-u', '-b', base, '-F', 'vmdk'], /"vmdk"/],
    ['in another folder', () => ['-u', '-b', '/etc/passwd', '-F', 'raw'], /\/etc\/passwd, which is not in a folder/],
    ['in a folder below', () => ['-u', '-b', 'elsewhere/base.raw', '-F', 'raw'], /is not in a folder/],
    ['by a link that leads away', () => ['-u', '-b', 'link', '-F', 'raw'], /\/etc\/passwd, which is not in/],
    ['that is no regular file', () => ['-u', '-b', 'fifo', '-F', 'raw'], /no regular file/],
    ['that is a folder', () => ['-u', '-b', 'elsewhere', '-F', 'raw'], /no regular file/],
    ['that is missing', () => ['-u', '-b', 'gone', '-F', 'raw'], /which is not there/],
    ['over a network', () => ['-u', '-b', 'nbd://host/disk', '-F', 'raw'], /only plain paths/],
    ['by a description', () => ['-u', '-b', 'json:{"driver":"null-co"}', '-F', 'raw'], /only plain paths/],
    ['that is the disk itself', () => ['-u', '-b', 'disk', '-F', 'qcow2'], /stands above it/],
  ]

  test.each(cases)('%s', async (_, args, why) => {
    const { folder, base, out } = rawDisk()
    copyFileSync(base, join(folder, 'elsewhere/base.raw'))
    symlinkSync('/etc/passwd', join(folder, 'link'))
    execFileSync('mkfifo', [join(folder, 'fifo')])
    const disk = create(join(folder, 'disk'), '-b', base, '-F', 'raw')
    tool('qemu-img', ['rebase', '-q', ...args({ folder, base }), disk])
    const error = await failure(starter(disk, 'qcow2', out)())
    expect(error).toMatchObject({ code: 'boot-loader-failed', parts: { why: expect.stringMatching(why) as string } })
  })

  test('of a format that the image does not say', async () => {
    const { folder, base, out } = rawDisk()
    const disk = create(join(folder, 'disk'), '-b', base, '-F', 'raw')
    const at = readFileSync(disk).indexOf(Buffer.from('e2792aca', 'hex'))
    const unsaid = damaged(disk, join(folder, 'unsaid'), at, Buffer.from('12345678', 'hex'))
    expect((await failure(starter(unsaid, 'qcow2', out)())).parts.why).toContain('does not say in which format')
  })

  test('in a chain that is too long', async () => {
    const { folder, base, out } = rawDisk()
    let below = { path: base, format: 'raw' }
    for (let depth = 1; depth <= 3; depth++) {
      const path = create(join(folder, `disk${depth}`), '-b', below.path, '-F', below.format)
      below = { path, format: 'qcow2' }
    }
    expect((await starter(below.path, 'qcow2', out)({ maxParents: 3 })).cmdline).toBe('base')
    const error = await failure(starter(below.path, 'qcow2', out)({ maxParents: 2 }))
    expect(error.parts.why).toContain('more than 2 files below it')
  })

  test('when a raw disk pretends to be an image', async () => {
    const { folder, base, out } = rawDisk()
    const disk = create(join(folder, 'disk'), '-b', base, '-F', 'raw')
    expect((await failure(starter(disk, 'raw', out)())).code).toBe('boot-not-found')
    const over = create(join(folder, 'over'), '-b', disk, '-F', 'raw')
    expect((await failure(starter(over, 'qcow2', out)())).code).toBe('boot-not-found')
  })
})

test('a file below a disk may lie in a folder that the administrator named', async () => {
  const { folder, base, out } = rawDisk()
  renameSync(base, join(folder, 'elsewhere/base.raw'))
  const disk = create(join(folder, 'disk'), '-b', 'elsewhere/base.raw', '-F', 'raw')
  expect((await starter(disk, 'qcow2', out)({ parentFolders: [folder] })).cmdline).toBe('base')
})

test('damaged headers of an image with a backing file are refused or followed, never an unknown error', async () => {
  const { folder, base, out } = rawDisk()
  const disk = create(join(folder, 'disk'), '-b', base, '-F', 'raw')
  // Sandboxes are slow: only what the toolstack itself reads can make it fail before one is started.
  for (let at = 0; at < 120; at += 1) {
    const copy = damaged(disk, join(folder, 'copy'), at, Buffer.from([0xff]))
    await failure(starter(copy, 'qcow2', out)({ wallMs: 1 }))
  }
})

describe('a differencing VHD disk', () => {
  const chain = () => {
    const { folder, base, out } = rawDisk()
    const parent = join(folder, 'parent.vhd')
    tool('qemu-img', ['convert', '-f', 'raw', '-O', 'vpc', '-o', 'subformat=dynamic,force_size=on', base, parent])
    const image = join(folder, 'image')
    copyFileSync(base, image)
    changeMenu(image, 'child')
    const disk = differencingVhd(join(folder, 'child.vhd'), { image, base, parent, name: '.\\parent.vhd' })
    return { disk, folder, parent, start: starter(disk, 'vhd', out) }
  }

  test('boots its own sectors over those of its parent', async () => {
    const files = await chain().start()
    expect(files.cmdline).toBe('child')
    expect(readFileSync(files.kernel).equals(elfKernel())).toBe(true)
    expect(readFileSync(files.ramdisk!).equals(ramdisk)).toBe(true)
  })

  test('is refused over another image than the one it was made over', async () => {
    const { folder, parent, start } = chain()
    tool('qemu-img', ['convert', '-f', 'vpc', '-O', 'vpc', '-o', 'force_size=on', parent, join(folder, 'other')])
    renameSync(join(folder, 'other'), parent)
    expect((await failure(start())).parts.why).toContain('its id is different')
  })
})
