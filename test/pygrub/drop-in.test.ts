import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DaemonConfig } from '../../src/config/daemon-config.ts'
import { runDropIn } from '../../src/pygrub/drop-in.ts'
import { sandboxOptions } from '../../src/pygrub/options.ts'
import { TetrarchError } from '../../src/words/errors.ts'
import { debianDisk, ramdisk, uuid } from './fixtures/debian.ts'
import { temporaryFolder } from './fixtures/images.ts'
import { elfKernel } from './fixtures/kernels.ts'

function setUp() {
  const folder = temporaryFolder()
  const config = DaemonConfig.parse({ paths: { cache: join(folder, 'cache') } })
  const options = sandboxOptions(config, join(import.meta.dirname, '../../src/pygrub/sandbox-main.ts'))
  const disk = debianDisk(folder)
  return {
    folder,
    disk,
    run: (...words: string[]) => runDropIn([...words, `--output-directory=${folder}`, disk], options),
  }
}

test('what libxl asks is answered in the file that libxl made', async () => {
  const { folder, run } = setUp()
  const output = join(folder, 'output')
  writeFileSync(output, '')
  const words = ['--args=console=hvc0', '--quiet', '--runas=65534', `--output=${output}`, '--output-format=simple0']
  expect(await run(...words)).toEqual({ stdout: '' })
  const items = readFileSync(output, 'utf8').split('\0')
  const [kernelItem = '', ramdiskItem = '', args = '', end] = items
  expect(readFileSync(kernelItem.replace('kernel ', '')).equals(elfKernel())).toBe(true)
  expect(readFileSync(ramdiskItem.replace('ramdisk ', '')).equals(ramdisk)).toBe(true)
  expect([args, end]).toEqual([`args root=UUID=${uuid} ro quiet console=hvc0`, ''])
})

test.each([
  ['simple', /^kernel \/.*\nramdisk \/.*\nargs root=UUID=.*\n$/],
  ['sxp', /^linux \(kernel \/[^)]*\)\(ramdisk \/[^)]*\)\(args "root=UUID=[^"]*"\)$/],
])('the format %s is pygrub’s', async (format, expected) => {
  const { run } = setUp()
  expect((await run('-q', '--output-format', format)).stdout).toMatch(expected)
})

test('entries are listed with the default marked', async () => {
  const { run } = setUp()
  expect((await run('-l')).stdout).toMatch(/^\* 0: Debian GNU\/Linux \(\/boot\/vmlinuz-6.1.0-test\)\n {2}1>0: /)
})

test.each([
  [['--entry=gone'], 'boot-not-found'],
  [['--output-format=other'], 'usage'],
  [['--no-such-option'], 'usage'],
  [['another-disk'], 'usage'],
  [['--offset=512'], 'usage'],
])('%j fails with a code', async (words, code) => {
  const { run } = setUp()
  const thrown = await run(...words).catch((error: unknown) => error)
  expect(thrown).toBeInstanceOf(TetrarchError)
  expect((thrown as TetrarchError).code).toBe(code)
})
