import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { bundleSandbox } from '../../scripts/bundle.ts'
import { keepBytecode } from '../../scripts/bytecode.ts'
import { keepInCache, knownFingerprints } from '../../src/pygrub/cache.ts'
import { confinedCommand } from '../../src/pygrub/confinement.ts'
import { runConfined } from '../../src/pygrub/run-confined.ts'
import { extractBoot, inspectKernel, listBootEntries, type SandboxOptions } from '../../src/pygrub/sandbox.ts'
import { debianDisk, kernel, ramdisk, uuid } from './fixtures/debian.ts'
import { copyInto, damaged, emptyFile, extImage, temporaryFolder, tool } from './fixtures/images.ts'
import { elfKernel, version } from './fixtures/kernels.ts'
import { failure, sandboxOptions } from './fixtures/sandbox-program.ts'

const options = sandboxOptions()
function folders(): { folder: string; outputDirectory: string } {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'out'))
  return { folder, outputDirectory: join(folder, 'out') }
}

describe('a Debian disk', () => {
  test('boots its default: kernel unpacked, ramdisk as it is, command line as GRUB makes it', async () => {
    const { folder, outputDirectory } = folders()
    const disk = debianDisk(folder)
    const files = await extractBoot({ disk, format: 'raw', outputDirectory, extraArgs: 'console=hvc0' }, options)
    expect(readFileSync(files.kernel).equals(elfKernel())).toBe(true)
    expect(readFileSync(files.ramdisk!).equals(ramdisk)).toBe(true)
    expect(files).toMatchObject({
      cmdline: `root=UUID=${uuid} ro quiet console=hvc0`,
      entry: {
        title: 'Debian GNU/Linux',
        path: '0',
        source: '/boot/grub/grub.cfg',
        partition: 'gpt2',
        filesystem: 'ext4',
      },
      kernelFacts: { version, compression: 'xz', canPv: true, canPvh: true },
    })
    expect(readdirSync(outputDirectory)).toHaveLength(2)
  })

  test('boots the entry that is asked for, or a kernel by its path', async () => {
    const { folder, outputDirectory } = folders()
    const request = { disk: debianDisk(folder), format: 'raw', outputDirectory } as const
    const recovery = await extractBoot({ ...request, entry: '1>1' }, options)
    expect(recovery.cmdline).toBe(`root=UUID=${uuid} ro single`)
    const direct = await extractBoot({ ...request, kernel: '/boot/vmlinuz-6.1.0-test', extraArgs: 'a b' }, options)
    expect(direct).toMatchObject({ ramdisk: null, cmdline: 'a b' })
  })

  test('lists its entries with their kernels and the default', async () => {
    const { folder } = folders()
    const { entries } = await listBootEntries({ disk: debianDisk(folder), format: 'raw', kernels: 'look' }, options)
    expect(entries.map(({ path, isDefault, problem }) => [path, isDefault, problem])).toEqual([
      ['0', true, null],
      ['1>0', false, null],
      ['1>1', false, null],
    ])
    expect(entries[0]).toMatchObject({ kernel: '/boot/vmlinuz-6.1.0-test', kernelFacts: { version } })
  })

  test.each([
    [{ entry: 'gone' }, 'boot-not-found', 'Debian GNU/Linux'],
    [{ kernel: '/boot/gone' }, 'file-missing', '/boot/gone: not found'],
    [{ kernel: '/boot/initrd.img-6.1.0-test' }, 'boot-not-found', ''],
  ])('%j is an error that says what was looked at, and leaves no file', async (words, code, evidence) => {
    const { folder, outputDirectory } = folders()
    const request = { disk: debianDisk(folder), format: 'raw', outputDirectory, ...words } as const
    const error = await failure(extractBoot(request, options))
    expect(error.code).toBe(code)
    expect(error.parts.evidence?.join('\n')).toContain(evidence)
    expect(readdirSync(outputDirectory)).toEqual([])
  })
})

test('a kernel file of dom0 is unpacked', async () => {
  const { folder, outputDirectory } = folders()
  writeFileSync(join(folder, 'vmlinuz'), kernel)
  const found = await inspectKernel({ kernel: join(folder, 'vmlinuz'), outputDirectory }, options)
  expect(readFileSync(found.kernel).equals(elfKernel())).toBe(true)
  expect(found.kernelFacts).toMatchObject({ version, canPvh: true })
})

test.each([
  ['no file', 'none', 'file-missing'],
  ['a folder', '.', 'file-missing'],
  ['an empty disk', 'empty', 'boot-not-found'],
])('%s is an error', async (_, name, code) => {
  const { folder, outputDirectory } = folders()
  emptyFile(join(folder, 'empty'), 1 << 20)
  const error = await failure(extractBoot({ disk: join(folder, name), format: 'raw', outputDirectory }, options))
  expect(error.code).toBe(code)
  expect(readdirSync(outputDirectory)).toEqual([])
})

describe('with a cache', () => {
  test('the second start of an unchanged guest unpacks nothing, and a changed one is seen', async () => {
    const { folder, outputDirectory } = folders()
    const cached = { ...options, cache: { directory: join(folder, 'cache'), maxMiB: 10 } }
    const disk = debianDisk(folder)
    const start = () => extractBoot({ disk, format: 'raw', outputDirectory }, cached)
    const first = await start()
    const second = await start()
    expect(statSync(second.kernel).ino).toBe(statSync(first.kernel).ino)
    expect(statSync(second.ramdisk!).ino).toBe(statSync(first.ramdisk!).ino)
    expect(second).toEqual({ ...first, kernel: second.kernel, ramdisk: second.ramdisk })
    expect(readFileSync(second.kernel).equals(elfKernel())).toBe(true)
    expect(readFileSync(second.ramdisk!).equals(ramdisk)).toBe(true)
    const image = join(folder, 'ext4')
    const { start: at } = partitionOf(disk)
    writeFileSync(join(folder, 'new'), 'another ramdisk')
    tool('debugfs', ['-w', '-R', 'rm /boot/initrd.img-6.1.0-test', image])
    tool('debugfs', ['-w', '-R', `write ${join(folder, 'new')} /boot/initrd.img-6.1.0-test`, image])
    copyInto(image, disk, at)
    expect(readFileSync((await start()).ramdisk!, 'utf8')).toBe('another ramdisk')
  })

  test('a bound of nothing keeps nothing, and boots', async () => {
    const { folder, outputDirectory } = folders()
    const cached = { ...options, cache: { directory: join(folder, 'cache'), maxMiB: 0 } }
    const request = { disk: debianDisk(folder), format: 'raw', outputDirectory } as const
    expect(readFileSync((await extractBoot(request, cached)).kernel).equals(elfKernel())).toBe(true)
    expect(readdirSync(folder)).not.toContain('cache')
  })

  test('another disk with the same content shares nothing', async () => {
    const { folder, outputDirectory } = folders()
    const cached = { ...options, cache: { directory: join(folder, 'cache'), maxMiB: 10 } }
    const disk = debianDisk(folder)
    const copy = damaged(disk, join(folder, 'copy'), 0, Buffer.alloc(0))
    for (const path of [disk, copy]) await extractBoot({ disk: path, format: 'raw', outputDirectory }, cached)
    expect(readdirSync(cached.cache.directory).filter((name) => name.endsWith('.json'))).toHaveLength(2)
  })

  test('a kept entry that lost its files is extracted again', async () => {
    const { folder, outputDirectory } = folders()
    const cached = { ...options, cache: { directory: join(folder, 'cache'), maxMiB: 10 } }
    const request = { disk: debianDisk(folder), format: 'raw', outputDirectory } as const
    await extractBoot(request, cached)
    for (const name of readdirSync(cached.cache.directory)) {
      if (name.endsWith('.kernel')) rmSync(join(cached.cache.directory, name))
    }
    expect(readFileSync((await extractBoot(request, cached)).kernel).equals(elfKernel())).toBe(true)
  })

  test('a kernel of dom0 is unpacked once', async () => {
    const { folder, outputDirectory } = folders()
    const cached = { ...options, cache: { directory: join(folder, 'cache'), maxMiB: 10 } }
    writeFileSync(join(folder, 'vmlinuz'), kernel)
    const request = { kernel: join(folder, 'vmlinuz'), outputDirectory }
    const first = await inspectKernel(request, cached)
    const second = await inspectKernel(request, { ...cached, program: '/none' })
    expect(second.kernelFacts).toEqual(first.kernelFacts)
    expect(readFileSync(second.kernel).equals(elfKernel())).toBe(true)
  })

  test('what was not used for longest goes when the bound is passed', async () => {
    const folder = temporaryFolder()
    const cache = { directory: join(folder, 'cache'), maxMiB: 2 }
    const facts = { kernelFacts: (await someKernel(folder)).kernelFacts, kernelBytes: 1 << 20, ramdiskBytes: null }
    for (const name of ['a', 'b', 'c']) {
      writeFileSync(join(folder, name), Buffer.alloc(1 << 20))
      await keepInCache(
        cache,
        { source: 'disk', fingerprint: name },
        { kernel: join(folder, name), ramdisk: null, facts },
      )
      const hourAgo = new Date(Date.now() - 3_600_000 + name.charCodeAt(0) * 1000)
      for (const file of readdirSync(cache.directory).map((each) => join(cache.directory, each))) {
        if (Date.now() - statSync(file).mtimeMs < 1_800_000) utimesSync(file, hourAgo, hourAgo)
      }
    }
    writeFileSync(join(folder, 'd'), Buffer.alloc(10))
    await keepInCache(cache, { source: 'disk', fingerprint: 'd' }, { kernel: join(folder, 'd'), ramdisk: null, facts })
    expect((await knownFingerprints(cache, 'disk')).sort()).toEqual(['c', 'd'])
  })
})

const someKernel = async (folder: string) => {
  writeFileSync(join(folder, 'vmlinuz'), kernel)
  return await inspectKernel({ kernel: join(folder, 'vmlinuz'), outputDirectory: folder }, options)
}

const partitionOf = (disk: string): { start: number } => {
  const table = JSON.parse(tool('sfdisk', ['-J', disk])) as { partitiontable: { partitions: { start: number }[] } }
  return { start: table.partitiontable.partitions[1]!.start * 512 }
}

/** Runs a program of the test's own in the sandbox's place. */
async function confined(source: string, limits: Partial<SandboxOptions> = {}, signal?: AbortSignal) {
  const folder = join(temporaryFolder(), 'program')
  mkdirSync(folder)
  spawnSync('chmod', ['755', folder, join(folder, '..')])
  writeFileSync(join(folder, 'main.mjs'), source)
  const { wallMs, ...rest } = { ...options, ...limits, program: join(folder, 'main.mjs') }
  const command = await confinedCommand({ ...rest, uid: rest.uidBase })
  const end = await runConfined(command, { input: '', descriptors: [], wallMs, maxAnswerBytes: 10_000, signal })
  return { ...end, program: rest.program }
}

/** The command lines of all processes. */
const commandLines = (): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8')]
      } catch {
        return []
      }
    })

const answering = (expression: string) =>
  `import * as fs from 'node:fs'; import * as os from 'node:os'
   const attempt = (what) => { try { return what() } catch (thrown) { return thrown.code } }
   fs.writeSync(3, JSON.stringify(${expression}))`

test('its bytecode is that of its program, and the same each time', async () => {
  const folder = join(temporaryFolder(), 'built')
  await bundleSandbox(folder)
  const file = join(folder, 'boot-sandbox.js')
  const bytecode = readFileSync(join(folder, 'boot-sandbox.bytecode'))
  const { args } = await confinedCommand({ ...options, program: file, uid: options.uidBase })
  const flags = args.slice(args.indexOf(process.execPath) + 1, -1)
  const code = `new vm.Script(fs.readFileSync('${file}', 'latin1'), { cachedData: fs.readFileSync('${folder}/boot-sandbox.bytecode') }).cachedDataRejected`
  const rejected = execFileSync(process.execPath, [...flags, '-p', code], { encoding: 'utf8' })
  expect(rejected.trim()).toBe('false')
  await keepBytecode(file)
  expect(readFileSync(join(folder, 'boot-sandbox.bytecode')).equals(bytecode)).toBe(true)
})

describe.runIf(process.getuid?.() === 0)('what runs in the sandbox', () => {
  test('has no rights, no network and no files but its own', async () => {
    const { answer, stderr } = await confined(
      answering(`({
        uid: process.getuid(), gid: process.getgid(), groups: process.getgroups(), pid: process.pid,
        network: os.networkInterfaces(), environment: Object.keys(process.env).filter((name) => process.env[name] === 'secret'),
        root: attempt(() => fs.readdirSync('/')), passwd: attempt(() => fs.readFileSync('/etc/passwd')),
      })`),
    )
    expect(stderr).toBe('')
    expect(JSON.parse(answer)).toEqual({
      uid: 131_072,
      gid: 131_072,
      groups: [131_072],
      pid: 1,
      network: {},
      environment: [],
      root: 'ERR_ACCESS_DENIED',
      passwd: 'ERR_ACCESS_DENIED',
    })
  })

  /** What an expression gives in the sandbox where Node has no permission model. */
  const inRoot = async (expression: string) => {
    const { file, args } = await confinedCommand({ ...options, uid: options.uidBase })
    const program = ['-e', `console.log(${expression})`]
    return execFileSync(file, [...args.slice(0, args.indexOf(process.execPath)), process.execPath, ...program], {
      encoding: 'utf8',
    }).trim()
  }
  test('sees only its own root even without the permission model', async () => {
    expect((await inRoot('fs.readdirSync("/").join()')).split(',')).not.toContain('etc')
  })

  test('has a root that nobody could write to', async () => {
    // The kernel looks at the mount before it looks at who asks: EACCES would be about the user alone.
    expect(await inRoot('(() => { try { fs.mkdirSync("/x") } catch (thrown) { return thrown.code } })()')).toBe('EROFS')
  })

  test('is killed when it takes too long, and nothing of it stays', async () => {
    const { stopped, program } = await confined('for (;;);', { wallMs: 500 })
    expect(stopped).toBe('deadline')
    expect(commandLines().filter((line) => line.includes(program))).toEqual([])
  })

  test('is killed when it is cancelled', async () => {
    const { stopped } = await confined('for (;;);', {}, AbortSignal.timeout(300))
    expect(stopped).toBe('cancelled')
  })

  test('is stopped when it uses too much CPU time, by the kernel', async () => {
    expect((await confined('for (;;);', { cpuSeconds: 1 })).stopped).toBe('signal SIGKILL')
  })

  test.each([
    ['uses too much memory', 'const kept = []; for (;;) kept.push(Buffer.alloc(1 << 20, 1))', { memoryMiB: 64 }],
    ['answers too much', "import { writeSync } from 'node:fs'; for (;;) writeSync(3, 'x'.repeat(1000))", {}],
  ])('is stopped when it %s', async (_, source, limits) => {
    const { stopped } = await confined(source, limits)
    expect(stopped).not.toBeNull()
    expect(stopped).not.toBe('deadline')
  })
})

test.each([
  ['a tab becomes a blank', 'root=x\tquiet', 'root=x quiet'],
  ['a control character is refused', 'root=x\u0007', null],
  ['a line that is too long is refused', 'x'.repeat(5000), null],
])('in a command line %s', async (_, cmdline, expected) => {
  const { folder, outputDirectory } = folders()
  const boot = join(folder, 'tree/boot')
  mkdirSync(boot, { recursive: true })
  writeFileSync(join(boot, 'vmlinuz'), elfKernel())
  writeFileSync(join(boot, 'extlinux.conf'), `label a\nlinux vmlinuz\nappend ${cmdline}\n`)
  const disk = extImage(join(folder, 'ext4'), join(folder, 'tree'), { mebibytes: 4 })
  const booted = extractBoot({ disk, format: 'raw', outputDirectory }, options)
  if (expected !== null) expect((await booted).cmdline).toBe(expected)
  else expect((await failure(booted)).parts.why).toContain('command line')
})
