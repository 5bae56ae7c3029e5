import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { commands } from '../../src/cli/command.ts'
import { createProgram } from '../../src/cli/program.ts'
import { errorTable } from '../../src/words/errors.ts'
import { CLI } from '../built-cli.ts'
import { runCli } from './run-cli.ts'

const cli = (...args: string[]) => runCli(args, { socket: '/nonexistent/tetrarchd.sock' })

/** The help of tetrarch, or of one of its commands. */
async function help(name?: string): Promise<string> {
  const program = await createProgram(name === undefined ? [] : [name])
  const shown = name === undefined ? program : program.commands.find((command) => command.name() === name)
  let text = ''
  shown?.configureOutput({ writeOut: (more) => (text += more), getOutHelpWidth: () => 80 }).outputHelp()
  return text
}

test('help names every command and every exit status, in 80 columns', async () => {
  const stdout = await help()
  for (const { name, summary } of commands) expect(stdout).toMatch(new RegExp(`  ${name} +${summary.slice(0, 10)}`))
  for (const { exit } of Object.values(errorTable)) expect(stdout).toMatch(new RegExp(`^ +${exit}  `, 'm'))
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
})

test.each(commands.map(({ name }) => [name]))('help for %s has examples', async (name) => {
  const stdout = await help(name)
  expect(stdout).toMatch(new RegExp(`Examples:\n  tetrarch ${name}`))
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
})

describe('what is mistyped', () => {
  test.each([
    [['lits'], "unknown command 'lits'", 'did you mean list?'],
    [['start', 'web'], "unknown command 'start'", 'for "virsh start": tetrarch create web'],
    [['mem-set', 'web'], "unknown command 'mem-set'", 'for "xl mem-set": xl mem-set web 256'],
    [['list', '--jsn'], "unknown option '--jsn'", 'did you mean --json?'],
    [['--quiet'], 'no command was given', 'see: tetrarch --help'],
    [['info'], "missing required argument 'guest'", 'see: tetrarch --help'],
    [['shutdown'], 'shutdown takes either names of guests or --all', 'tetrarch shutdown --help'],
    [['events', '--since', 'x'], '--since takes a whole number, not "x"', 'give a number from 0 on'],
    [['tasks', 'stop'], 'tasks takes: list, show TASK or cancel TASK', 'tetrarch tasks --help'],
  ])('%j', async (args, what, fix) => {
    expect(await cli(...args)).toEqual({ status: 2, stdout: '', stderr: `error: ${what}\n  fix    ${fix}\n` })
  })
})

test('a daemon that does not run is said in four parts', async () => {
  expect(await cli('list')).toEqual({
    status: 14,
    stdout: '',
    stderr: [
      'error: /nonexistent/tetrarchd.sock: cannot reach the daemon',
      '  cause  there is no such socket: the service is not running',
      '  fix    systemctl start tetrarchd',
      '',
    ].join('\n'),
  })
})

test('an error is a problem document with --json', async () => {
  const { stderr } = await cli('list', '--json')
  expect(JSON.parse(stderr)).toMatchObject({ code: 'daemon-unreachable', fix: 'systemctl start tetrarchd' })
})

test('a reader of help that has seen enough is no error', () => {
  const { stdout, stderr } = spawnSync(
    'bash',
    ['-c', `${process.execPath} ${CLI} --help | true; echo "$\{PIPESTATUS[0]}"`],
    {
      encoding: 'utf8',
    },
  )
  expect({ stdout, stderr }).toEqual({ stdout: '0\n', stderr: '' })
})
