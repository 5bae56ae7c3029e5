import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import type { Definition } from '../../api/definition.ts'
import { TetrarchError, fail } from '../../words/errors.ts'
import { escapeControl } from '../../words/escape-control.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { onGuest } from '../did-you-mean.ts'
import { diffLines } from '../render/diff.ts'
import { countText, findingLines } from '../render/findings.ts'
import { atNextStart } from '../render/guest-words.ts'

export const command: Command = {
  usage: '<guest>',
  options: [['-f, --force', 'keep it in spite of what cannot work on this host now']],
  details: [
    'Opens the definition in $VISUAL, else $EDITOR, else vi. What you leave there is checked before it is kept, and what it changes is shown. With an error you can go back to the editor; else the old definition stays, and your text is kept beside.',
    'When someone else changes the definition meanwhile, neither change is lost: yours is not kept, and you are told where it is.',
  ],
  examples: ['tetrarch edit web', 'EDITOR=nano tetrarch edit web'],
  run: async (context, { args: [guest = ''], flag }) => {
    const before = await onGuest(context, guest, () => context.client.call('definition', { params: { guest } }))
    const folder = mkdtempSync(join(tmpdir(), 'tetrarch-edit-'))
    const file = join(folder, `${before.name}.cfg`)
    writeFileSync(file, before.text, { mode: 0o600 })
    try {
      const text = await edited(context, before, file)
      if (text !== null) await keep(context, before, text, flag('force') ? 'accept' : 'refuse')
    } catch (error) {
      // What a user has written is not thrown away with an error.
      throw withPlace(error, file)
    }
    rmSync(folder, { recursive: true })
  },
}

/** The text that the user is content with and that can be read; null when nothing was changed. */
async function edited(context: Context, { name, text: old }: Definition, file: string): Promise<string | null> {
  for (;;) {
    openEditor(file)
    const text = readFileSync(file, 'utf8')
    if (text === old) {
      context.show({ changed: false }, () => [`${name}: nothing was changed`])
      return null
    }
    const { findings } = await context.client.call('lint', {
      body: { definition: { file: `${name}.cfg`, text }, name },
    })
    context.err.print(...findingLines(findings, text, context.err))
    const canLoad = !findings.some(({ rule }) => rule === 'syntax' || rule === 'invalid')
    if (!findings.some(({ severity }) => severity === 'error')) return text
    if (await goesBack()) continue
    if (canLoad) return text
    throw fail('config-invalid', { what: `${countText(findings)}; the old definition of "${name}" stays` })
  }
}

async function keep(
  context: Context,
  { name, text: old, revision }: Definition,
  text: string,
  errors: 'accept' | 'refuse',
): Promise<void> {
  const kept = await context.client.call('define', {
    params: { guest: name },
    body: { text, expect: revision, errors },
  })
  context.show(kept, () => [...diffLines(old, text, context.out), `${name}: kept`, ...atNextStart(kept.changes)])
}

function openEditor(file: string): void {
  const editor = process.env['VISUAL'] ?? process.env['EDITOR'] ?? 'vi'
  // A variable may hold arguments, as with git and sudoedit: a shell splits it.
  const { status, error } = spawnSync('sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' })
  if (status === 0) return
  throw fail('usage', {
    what: `the editor failed: ${editor}`,
    why: error?.message ?? `its exit status was ${status ?? 'none'}`,
    fix: 'set $EDITOR to one that works',
  })
}

/** Asks whether to correct it; where nobody can answer, no. */
async function goesBack(): Promise<boolean> {
  if (!process.stdin.isTTY) return false
  const asking = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await asking.question('Correct it (e), or leave the old definition (q)? [e] ')
    return !answer.trim().toLowerCase().startsWith('q')
  } finally {
    asking.close()
  }
}

function withPlace(error: unknown, file: string): unknown {
  if (!(error instanceof TetrarchError)) return error
  const note = `your text is kept in ${escapeControl(file)}`
  return fail(error.code, { ...error.parts, fix: error.parts.fix === undefined ? note : `${error.parts.fix}; ${note}` })
}
