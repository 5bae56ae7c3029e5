/** What a shell can complete: commands, options and what follows them, from the tables of the program itself. */
import { commands } from '../../src/cli/command.ts'
import { globalOptions as options, helpOption, versionOption } from '../../src/cli/global-options.ts'
import { keySections } from '../../src/config/keys/table.ts'

export interface CompletedOption {
  /** As typed, each with its dashes: -w, --wait. */
  readonly names: readonly string[]
  readonly description: string
  readonly takesValue: boolean
}

export interface CompletedCommand {
  readonly name: string
  readonly summary: string
  readonly options: readonly CompletedOption[]
  /** What its arguments can be. */
  readonly arguments: ReadonlySet<'guest' | 'file' | 'setting'>
}

const option = ([flags, description]: readonly [string, string]): CompletedOption => ({
  names: flags.split(/[ ,]+/).filter((word) => word.startsWith('-')),
  description,
  takesValue: /[<[]/.test(flags),
})

export const globalOptions: readonly CompletedOption[] = [helpOption, ...options, versionOption].map(option)

export const completedCommands: readonly CompletedCommand[] = await Promise.all(
  commands.map(async ({ name, summary, load }) => {
    const { usage, options } = (await load()).command
    const kinds = [
      ...(/guest|name/.test(usage) ? (['guest'] as const) : []),
      ...(/file/.test(usage) ? (['file'] as const) : []),
      ...(/settings/.test(usage) ? (['setting'] as const) : []),
    ]
    return { name, summary, options: options.map(option), arguments: new Set(kinds) }
  }),
)

/** Keys of definitions that may be given beside one: `memory=`. */
export const settings: readonly string[] = keySections
  .flatMap(({ rows }) => rows)
  .filter(({ support }) => support === 'must' || support === 'should')
  .map(({ name }) => `${name}=`)

export const commandsTaking = (kind: 'guest' | 'file' | 'setting'): readonly string[] =>
  completedCommands.flatMap((command) => (command.arguments.has(kind) ? [command.name] : []))

export const optionWords = (options: readonly CompletedOption[]): string =>
  options.flatMap(({ names }) => names).join(' ')
