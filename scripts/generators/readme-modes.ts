// Writes README.md with the table of the modes, made from the modes themselves, below the folder given.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { allModes } from '../../src/modes/index.ts'

const [root = '.'] = process.argv.slice(2)
const START = '<!-- modes: made by scripts/docs from src/modes -->\n'
const END = '<!-- /modes -->'

const deviceModel = { always: 'always', 'only-for-devices': 'only for a device that needs one' } as const
const list = (points: readonly string[]) => points.join('; ')
const rows = allModes.map(
  (mode) =>
    `| **${mode.title}** | ${mode.summary} | ${deviceModel[mode.deviceModel]} | ${list(mode.pros)} | ${list(mode.cons)} |`,
)
const table = ['| mode | what it is | QEMU | for it | against it |', '| --- | --- | --- | --- | --- |', ...rows].join(
  '\n',
)

const readme = readFileSync('README.md', 'utf8')
const [before, rest] = readme.split(START)
const [, after] = rest?.split(END) ?? []
if (before === undefined || after === undefined)
  throw new Error('README.md has lost the marks around the table of modes')
writeFileSync(join(root, 'README.md'), `${before}${START}${table}\n${END}${after}`)
