/** Each shell completes as its user would have it: the shell itself is asked. */
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CLI } from '../built-cli.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bashCompletion } from '../../scripts/completion/bash.ts'
import { fishCompletion } from '../../scripts/completion/fish.ts'
import { zshCompletion } from '../../scripts/completion/zsh.ts'
import { type ServedDaemon, WEB, serveDaemon } from '../daemon/http/served-daemon.ts'

let served: ServedDaemon
let folder: string
beforeAll(async () => {
  served = await serveDaemon()
  await served.ask('PUT', '/v1/guests/web-server/definition', { text: WEB.replace('"web"', '"web-server"') })
  folder = await mkdtemp(join(tmpdir(), 'tetrarch-completion-'))
  const texts = { 'tetrarch.bash': bashCompletion(), 'tetrarch.fish': fishCompletion(), _tetrarch: zshCompletion() }
  for (const [name, text] of Object.entries(texts)) await writeFile(join(folder, name), text)
  await writeFile(join(folder, 'tetrarch'), `#!/bin/sh\nexec ${process.execPath} ${CLI} "$@"\n`)
  await chmod(join(folder, 'tetrarch'), 0o755)
})
afterAll(async () => {
  await served.stop()
  await rm(folder, { recursive: true })
})

async function run(shell: string, script: string): Promise<string> {
  const env = {
    PATH: `${folder}:${process.env['PATH'] ?? ''}`,
    TETRARCH_SOCKET: served.sockets.full,
    HOME: folder,
    TERM: 'dumb',
  }
  const options = shell === 'zsh' ? ['-f', '-c', script] : ['-c', script]
  return (await promisify(execFile)(shell, options, { env, cwd: folder, timeout: 20_000 })).stdout
}

/** What each shell offers for a line, one word a line. */
const shells = {
  bash: (line: string) => {
    const words = line.split(' ')
    const array = words.map((word) => `'${word}'`).join(' ')
    return `compopt() { :; }; . ${folder}/tetrarch.bash; COMP_WORDS=(${array}); COMP_CWORD=${words.length - 1}; _tetrarch; printf '%s\\n' "\${COMPREPLY[@]}"`
  },
  fish: (line: string) => `source ${folder}/tetrarch.fish; complete -C '${line}' | cut -f1`,
  // A terminal in which Tab is pressed, and then a key that shows what stands on the line.
  zsh: (line: string) => `zmodload zsh/zpty
    zpty shell 'exec zsh -f -i'
    zpty -w shell 'PS1=; fpath=(${folder} $fpath); autoload -U compinit; compinit -D -u'
    zpty -w shell 'show() { zle -I; print "<$BUFFER>" }; zle -N show; bindkey "^T" show; print rea""dy'
    zpty -r -m shell said '*ready*'
    zpty -w -n shell '${line}'$'\t\x14'
    zpty -r -m shell said '*<*>*'
    print -r -- \${\${said##*<}%%>*}`,
} as const

test.each([
  ['commands', 'tetrarch und', 'tetrarch undefine '],
  ['options of a command', 'tetrarch create --me', 'tetrarch create --menu '],
  ["guests, by the daemon's word", 'tetrarch info w', 'tetrarch info web-server '],
  ['settings after a definition', 'tetrarch create web-server memo', 'tetrarch create web-server memory='],
])('zsh completes %s', async (_, line, completed) => {
  expect((await run('zsh', shells.zsh(line))).trimEnd()).toBe(completed.trimEnd())
})

describe.each(['bash', 'fish'] as const)('%s', (shell) => {
  const offers = async (line: string) => (await run(shell, shells[shell](line))).trim().split('\n')

  test('completes commands', async () => {
    expect(await offers('tetrarch und')).toEqual(['undefine'])
  })
  test('completes options of the command, and those of all', async () => {
    expect(await offers('tetrarch create --me')).toEqual(['--menu'])
    expect(await offers('tetrarch list --js')).toEqual(['--json'])
  })
  test("completes guests, by the daemon's word", async () => {
    expect(await offers('tetrarch info w')).toEqual(['web-server'])
  })
  test('completes settings after a definition', async () => {
    expect(await offers('tetrarch create web-server memo')).toEqual(['memory='])
  })
})
