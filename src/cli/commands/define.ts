import type { Definition } from '../../api/definition.ts'
import { TetrarchError, fail } from '../../words/errors.ts'
import { escapeControl } from '../../words/escape-control.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { type DefinitionText, readDefinitionFile } from '../definition-file.ts'
import { diffLines } from '../render/diff.ts'
import { findingLines } from '../render/findings.ts'
import { atNextStart } from '../render/guest-words.ts'

export const command: Command = {
  usage: '<file>',
  options: [
    ['-r, --replace', 'replace the definition that is there'],
    ['-f, --force', 'keep it in spite of what cannot work on this host now'],
  ],
  details: [
    'The file, or what comes from stdin for "-", is checked and kept as it is, comments included, as NAME.cfg in the guests folder; NAME is the name that it gives. Nothing is started.',
    'A guest that runs has its new definition from its next start on.',
  ],
  examples: ['tetrarch define /etc/xen/web.cfg', 'tetrarch define --replace web.cfg', 'tetrarch create web'],
  run: async (context, { args: [word = ''], flag }) => {
    const given = readDefinitionFile(word)
    const name = await nameIn(given)
    const before = await definitionOf(context, name)
    if (before !== null && before.text !== given.text && !flag('replace')) {
      context.err.print(...diffLines(before.text, given.text, context.err))
      throw fail('already-exists', {
        what: `"${name}" is defined already, and differently`,
        where: before.file,
        fix: `tetrarch define --replace ${word}`,
      })
    }
    const kept = await context.client.call('define', {
      params: { guest: name },
      body: {
        text: given.text,
        expect: before === null ? null : before.revision,
        errors: flag('force') ? 'accept' : 'refuse',
      },
    })
    context.show(kept, () => sentence(kept, before))
    if (kept.findings.length === 0 || context.quiet || context.json) return
    context.err.print(...findingLines(kept.findings, kept.text, context.err))
  },
}

const sentence = (kept: Definition, before: Definition | null): readonly string[] => [
  before?.text === kept.text
    ? `${kept.name}: was defined so already`
    : `${kept.name}: ${before === null ? 'defined' : 'replaced'}, ${escapeControl(kept.file)}`,
  ...atNextStart(kept.changes),
]

/** The definition that is kept, null when there is none. */
export async function definitionOf({ client }: Context, name: string): Promise<Definition | null> {
  try {
    return await client.call('definition', { params: { guest: name } })
  } catch (error) {
    if (error instanceof TetrarchError && error.code === 'not-found') return null
    throw error
  }
}

/** Its mistakes are shown with their lines before anybody else sees it. Throws `config-*`. */
async function nameIn({ file, text }: DefinitionText): Promise<string> {
  const { examineGuest, mistakeError } = await import('../../config/load.ts')
  const { spec, mistakes } = examineGuest(text, { file })
  if (spec === undefined) throw mistakeError(mistakes)
  return spec.name
}
