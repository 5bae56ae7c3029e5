import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DaemonConfig } from '../../src/config/daemon-config.ts'
import { answerText } from '../../src/pygrub/drop-in-formats.ts'
import { dropInOptionForms } from '../../src/pygrub/drop-in-options.ts'
import { runDropIn } from '../../src/pygrub/drop-in.ts'
import { sandboxOptions } from '../../src/pygrub/options.ts'
import { TetrarchError } from '../../src/words/errors.ts'
import { runInTerminal } from '../cli/run-cli.ts'
import { debianDisk, ramdisk, uuid } from './fixtures/debian.ts'
import { temporaryFolder } from './fixtures/images.ts'
import { elfKernel } from './fixtures/kernels.ts'
import { sandboxProgram } from './fixtures/sandbox-program.ts'

const program = sandboxProgram()
/** The real one, of the package xen-utils. It runs without Xen. */
const PYGRUB = '/usr/lib/xen-4.17/bin/pygrub'

function setUp() {
  const folder = temporaryFolder()
  const config = DaemonConfig.parse({ paths: { cache: join(folder, 'cache') } })
  const sandbox = sandboxOptions(config, program)
  const disk = debianDisk(folder)
  const told: string[] = []
  const out = join(folder, 'out')
  mkdirSync(out)
  const around = { sandbox, terminal: null, tell: (line: string) => void told.push(line) }
  const given = (...words: string[]) => [...words, `--output-directory=${out}`, disk]
  return {
    ...{ folder, out, disk, told, around },
    run: (...words: string[]) => runDropIn(given(...words), around),
    theirs: (...words: string[]) => spawnSync(PYGRUB, given('-q', ...words), { encoding: 'utf8' }),
  }
}

/** Blanks and names of temporary files are nobody's business. */
const plain = (text: string): string =>
  text.replace(/ +/g, ' ').replaceAll(/\/\S*\/(?:boot_)?(kernel|ramdisk)[-.][\w-]+/g, '$1')

test('what libxl asks is answered in the file that libxl made', async () => {
  const { folder, run } = setUp()
  const output = join(folder, 'output')
  writeFileSync(output, '')
  const words = ['--args=console=hvc0', '--quiet', '--runas=65534', `--output=${output}`, '--output-format=simple0']
  expect(await run(...words)).toEqual({ stdout: '' })
  const items = readFileSync(output, 'utf8').split('\0')
  const [kernelItem = '', ramdiskItem = '', args = '', ...end] = items
  expect(readFileSync(kernelItem.replace('kernel ', '')).equals(elfKernel())).toBe(true)
  expect(readFileSync(ramdiskItem.replace('ramdisk ', '')).equals(ramdisk)).toBe(true)
  expect([args, end]).toEqual([`args root=UUID=${uuid} ro quiet console=hvc0`, ['', '']])
})

describe('the same disk gives what the real pygrub says', () => {
  test.each([
    ['--output-format=simple'],
    ['--output-format=simple0', "--args=it's"],
    ['--output-format=sxp'],
    ['--output-format=sxp', "--args=it's"],
    ['--output-format=sxp', '--args=a="b" \\\''],
    ['--entry=Debian GNU/Linux, with Linux 6.1.0-test (recovery mode)'],
    ['--kernel=/boot/vmlinuz-6.1.0-test', '--args=only'],
    ['--kernel=/boot/vmlinuz-6.1.0-test'],
  ])('%s %s', async (...words) => {
    const { run, theirs } = setUp()
    const { status, stdout } = theirs(...words)
    expect(status).toBe(0)
    expect(plain((await run(...words)).stdout)).toBe(plain(stdout))
  })

  test('--list-entries, but for the names of partitions', async () => {
    const { run, theirs } = setUp()
    const withoutRoot = (text: string) => plain(text).replaceAll(/^ root: .*$/gm, '')
    const { stdout } = await run('-l')
    expect(withoutRoot(stdout)).toBe(withoutRoot(theirs('-l').stdout))
    expect(stdout).toContain('  root: gpt2\n')
  })

  test('every option of its is known', () => {
    const usage = spawnSync(PYGRUB, ['-h'], { encoding: 'utf8' }).stderr
    const known = dropInOptionForms().map(({ form }) => /--([a-z-]+)/.exec(form)?.[1])
    const theirs = [...usage.matchAll(/--([a-z-]+)/g)].map(([, name]) => name)
    expect(theirs).not.toHaveLength(0)
    expect(known).toEqual(expect.arrayContaining(theirs))
  })
})

test('strings of sxp are those of Python', () => {
  const texts = ['plain', "it's", '"', `'"`, '\\', "\\'", `\\"'`, 'ümlaut']
  const list = JSON.stringify(texts)
  const theirs = execFileSync('python3', ['-c', `for text in ${list}: print(f"linux (kernel {text!r})")`], {
    encoding: 'utf8',
  })
  const ours = texts.map((kernel) => answerText.sxp({ kernel, ramdisk: null, cmdline: '' }))
  expect(ours).toEqual(theirs.trimEnd().split('\n'))
})

test('--not-really says which files of the guest would boot, and keeps none', async () => {
  const { run, out } = setUp()
  expect((await run('-n', '--output-format=simple')).stdout).toBe(
    `kernel <kernel:/boot/vmlinuz-6.1.0-test>\nramdisk <ramdisk:/boot/initrd.img-6.1.0-test>\nargs root=UUID=${uuid} ro quiet\n\n`,
  )
  expect(readdirSync(out)).toEqual([])
})

test('--offset opens the filesystem that begins there, and no other', async () => {
  const { run } = setUp()
  // An ESP of 2 MiB lies before it, from 1 MiB on.
  const start = 3 * 1024 * 1024
  expect((await run('-n', '--output-format=simple', `--offset=${start}`)).stdout).toContain('kernel <kernel:/boot/')
  expect((await run('-l', `--offset=${start}`)).stdout).toContain('  root: disk\n')
  await expect(run('-n', '--offset=512')).rejects.toMatchObject({ code: 'boot-not-found' })
  await expect(run('-n', '--offset=99999999999')).rejects.toMatchObject({ code: 'boot-not-found' })
})

test('--debug tells what was chosen, from where, and what its kernel can do', async () => {
  const { run, told } = setUp()
  await run('--debug')
  expect(told.slice(0, 2)).toEqual([
    'gpt2:/boot/grub/grub.cfg: entry 0 "Debian GNU/Linux"',
    'kernel 6.1.0-test (tests@tetrarch) #1 SMP: PV true, PVH true',
  ])
})

describe('on a terminal, such as the one that libxl gives its boot loaders,', () => {
  const main = join(import.meta.dirname, '../../src/pygrub/drop-in-main.ts')
  const onTerminal = (type: readonly (readonly [seen: string, keys: string])[], ...words: string[]) => {
    const { out, disk } = setUp()
    const args = ['--output-format=simple', `--output-directory=${out}`, ...words, disk]
    return runInTerminal(args, { socket: '', type, program: main })
  }
  const down = '\u001b[B'

  test('its menu lets a person choose, and edit the command line', async () => {
    const chosen = await onTerminal(
      [
        ['Up and Down', `${down}${down}e`],
        ['Esc goes back', ' more\r'],
      ],
      '--args=added',
    )
    expect(chosen.stdout).toContain(`args root=UUID=${uuid} ro single added more\r\n`)
    expect(chosen.status).toBe(0)
  })

  test('q leaves it, and nothing is booted', async () => {
    const { status, stdout } = await onTerminal([['Up and Down', 'q']])
    expect(status).toBe(12)
    expect(stdout).toContain('pygrub: nothing is booted')
    expect(stdout).not.toContain('kernel /')
  })

  test('an entry that is named leaves nothing to choose', async () => {
    const { stdout } = await onTerminal([], '--entry=0')
    expect(stdout).not.toContain('Up and Down')
    expect(stdout).toMatch(/^kernel \//)
  })
})

test.each([
  [['--entry=gone'], 'boot-not-found'],
  [['--kernel=/gone'], 'file-missing'],
  [['--output-format=other'], 'usage'],
  [['--output-directory=/gone'], 'usage'],
  [['--no-such-option'], 'usage'],
  [['another-disk'], 'usage'],
  [['--offset=a'], 'usage'],
  [['--runas=root'], 'usage'],
  [['--isconfig'], 'usage'],
  [['--interactive'], 'usage'],
])('%j fails with a code, and writes nothing', async (words, code) => {
  const { disk, folder, around } = setUp()
  const output = join(folder, 'output')
  const thrown = await runDropIn([`--output=${output}`, `--output-directory=${folder}`, ...words, disk], around).catch(
    (error: unknown) => error,
  )
  expect(thrown).toBeInstanceOf(TetrarchError)
  expect((thrown as TetrarchError).code).toBe(code)
  expect(existsSync(output)).toBe(false)
})
