/** The manual pages: that they are what the code says is `npm run docs`'s own check; here, that they say it all and read well. */
import { execFile } from 'node:child_process'
import { readFile, readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { commands } from '../../src/cli/command.ts'
import { environment } from '../../src/cli/environment.ts'
import { createProgram } from '../../src/cli/program.ts'
import { daemonOptions } from '../../src/daemon/command-line.ts'
import { errorTable } from '../../src/words/errors.ts'
import { sourceFiles } from '../source-files.ts'

const FOLDER = resolve(import.meta.dirname, '../../docs/man')
const run = promisify(execFile)

/** A page as a terminal of 80 columns without colours shows it. */
async function shown(page: string): Promise<readonly string[]> {
  // -c and -bou: neither colours nor letters printed over each other (grotty(1)).
  const { stdout } = await run('groff', ['-man', '-Tutf8', '-rLL=78n', '-P-c', '-P-bou', join(FOLDER, page)])
  return stdout.split('\n')
}

/** The lines under a heading, up to the next one of its rank. */
function under(lines: readonly string[], heading: RegExp): string {
  const start = lines.findIndex((line) => heading.test(line))
  const indent = /^ */.exec(lines[start] ?? '')?.[0].length ?? 0
  const end = lines.findIndex((line, index) => index > start && /\S/.test(line) && line.search(/\S/) <= indent)
  return start < 0 ? '' : lines.slice(start, end).join('\n')
}

describe.each(await readdir(FOLDER))('%s', (page) => {
  test('is read without a complaint by groff and mandoc', async () => {
    expect((await run('groff', ['-man', '-Tutf8', '-ww', '-z', join(FOLDER, page)])).stderr).toBe('')
    const { stdout } = await run('sh', ['-c', 'mandoc -Tlint "$1" || test $? -lt 5', 'sh', join(FOLDER, page)])
    // The same commit makes the same page on any day.
    expect(stdout.split('\n').filter((line) => line !== '' && !line.includes('missing date'))).toEqual([])
  })

  test('fits 80 columns', async () => {
    expect((await shown(page)).filter((line) => line.length > 80)).toEqual([])
  })
})

describe('tetrarch(1)', async () => {
  const lines = await shown('tetrarch.1')

  test.each(commands.map(({ name }) => [name]))('has all of %s: options, details and examples', async (name) => {
    const program = await createProgram([name])
    const { examples } = (await commands.find((entry) => entry.name === name)!.load()).command
    const part = under(lines, new RegExp(`^ {3}${name}\\b`))
    const everywhere = new Set(program.options.map(({ flags }) => flags))
    const own = program.commands.find((command) => command.name() === name)?.options ?? []
    for (const { flags, long, short } of own.filter((option) => !everywhere.has(option.flags)))
      expect(part, flags).toMatch(
        new RegExp(`^ {7}${[short, long].filter((flag) => flag !== undefined).join(', ')}`, 'm'),
      )
    for (const example of examples) expect(part).toContain(`           ${example}`)
  })

  test('has every exit status with its codes', () => {
    const part = under(lines, /^EXIT STATUS/)
    for (const [code, { exit }] of Object.entries(errorTable))
      expect(part).toMatch(new RegExp(`^ +${exit} +${code}\\b`, 'm'))
  })

  test('has every environment variable that the command reads, and no other', () => {
    const texts = sourceFiles.filter(({ path }) => path.startsWith('src/cli/')).map(({ text }) => text)
    const read = texts.flatMap((text) => [...text.matchAll(/process\.env\['(\w+)'\]/g)].map(([, name]) => name))
    const told = environment.flatMap(([names]) => names.split(', '))
    // Node reads NO_COLOR itself (util.styleText).
    expect(new Set([...read, 'NO_COLOR'])).toEqual(new Set(told))
    for (const name of told) expect(under(lines, /^ENVIRONMENT/)).toContain(name)
  })
})

test.each([
  ['tetrarch.cfg.5', 'vnuma = [ [ "pnode=N",'],
  ['tetrarchd.toml.5', '   [boot_loader]'],
  ['tetrarch.1', '   create [options] FILE-OR-NAME [SETTINGS...]'],
])('%s shows what is typed as it is typed', async (page, words) => {
  expect((await shown(page)).join('\n')).toContain(words)
})

test('tetrarchd(8) has every option of the daemon', async () => {
  const part = under(await shown('tetrarchd.8'), /^OPTIONS/)
  for (const [flags] of daemonOptions)
    expect(part).toMatch(new RegExp(`^ {7}${flags.replaceAll(/[[\]]/g, '\\$&')}`, 'm'))
})

test('each page that another one or a unit names is there', async () => {
  const pages = new Set((await readdir(FOLDER)).map((page) => page.replace(/\.(\d)$/, '($1)')))
  const units = resolve(FOLDER, '../../systemd')
  const texts = [
    ...(await Promise.all([...pages].map((page) => shown(page.replace(/\((\d)\)$/, '.$1'))))).flat(),
    ...(await Promise.all((await readdir(units)).map((unit) => readFile(join(units, unit), 'utf8')))),
  ]
  const named = texts.flatMap((text) => text.match(/\btetrarch[\w.-]*\(\d\)/g) ?? [])
  expect(named).not.toEqual([])
  expect(named.filter((name) => !pages.has(name))).toEqual([])
})

test('a page that is wrong is complained of', async () => {
  const { stderr } = await promisify(execFile)('sh', [
    '-c',
    "printf '.TH X 1\\n.SH NAME\\n.Nosuch\\n' | groff -man -ww -z",
  ])
  expect(stderr).toContain('Nosuch')
})
