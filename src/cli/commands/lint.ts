import { realpathSync } from 'node:fs'
import type { Finding } from '../../api/definition.ts'
import { TetrarchError, fail } from '../../words/errors.ts'
import { escapeControl } from '../../words/escape-control.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { isFileWord, isThere, readDefinitionFile } from '../definition-file.ts'
import { countText, findingLines } from '../render/findings.ts'

/** A definition to check: a file, or what is kept of a defined guest. */
interface Subject {
  readonly file: string
  readonly text: string
  /** What its file asks its guest to be called; null for a file that is anywhere. */
  readonly name: string | null
}

interface Checked extends Subject {
  readonly findings: readonly Finding[]
  /** Whether this host was asked, too. */
  readonly host: boolean
}

export const command: Command = {
  usage: '[files-or-names...]',
  options: [
    ['--offline', 'check the texts alone, without a daemon: for use in CI'],
    ['--strict', 'warnings count as errors'],
  ],
  details: [
    'Without a file or name every definition of the guests folder is checked, those that cannot be used included.',
    'The daemon adds what only the host knows: files and bridges that are missing, disks whose own bytes show another format, guests and running domains of xl that share a disk, MAC address or uuid, modes that cannot be. Without a daemon this is left out, with a remark.',
    'The exit status is 3 when there is an error, else 0.',
  ],
  examples: ['tetrarch lint', 'tetrarch lint /etc/xen/*.cfg', 'tetrarch lint --offline --strict --json guests/*.cfg'],
  run: async (context, { args, flag }) => {
    const subjects = await subjectsOf(context, args)
    const checked = await checkAll(context, subjects, flag('offline'))
    context.show(
      checked.map(({ file, host, findings }) => ({ file, host, findings })),
      () => checked.flatMap(({ findings, text }) => findingLines(findings, text, context.out)),
    )
    const found = checked.flatMap(({ findings }) => findings)
    const bad = checked.filter(({ findings }) => isBad(findings, flag('strict')))
    const files = `${checked.length} file${checked.length === 1 ? '' : 's'}`
    if (bad.length > 0) throw fail('config-invalid', { what: `${countText(found)} in ${files}` })
    context.note(found.length === 0 ? `nothing to be said about ${files}` : `${countText(found)} in ${files}`)
  },
}

const isBad = (findings: readonly Finding[], strict: boolean): boolean =>
  findings.some(({ severity }) => strict || severity === 'error')

async function subjectsOf({ client }: Context, words: readonly string[]): Promise<readonly Subject[]> {
  if (words.length === 0) return await client.call('definitions', {})
  const subjects = await Promise.all(
    words.map(async (word): Promise<Subject> => {
      if (isFileWord(word) || isThere(word)) return { ...readDefinitionFile(word), name: null }
      return await client.call('definition', { params: { guest: word } })
    }),
  )
  // One file may be named twice, and by links to it.
  return [...new Map(subjects.map((subject) => [realFile(subject.file), subject])).values()]
}

function realFile(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    return file
  }
}

async function checkAll(context: Context, subjects: readonly Subject[], offline: boolean): Promise<readonly Checked[]> {
  const local = await checkTexts(subjects)
  if (offline) return local
  const checked: Checked[] = []
  for (const each of local) {
    const findings = await askHost(context, each)
    if (findings === null) return local
    checked.push({ ...each, host: true, findings: together(findings, each.findings) })
  }
  return checked
}

/** What the texts say by themselves and beside each other; all of it is checked here. */
async function checkTexts(subjects: readonly Subject[]): Promise<readonly Checked[]> {
  const { examineGuest } = await import('../../config/load.ts')
  const { lintExamined } = await import('../../config/lint/lint.ts')
  const examined = subjects.map((subject) => ({
    subject,
    examined: examineGuest(subject.text, { file: subject.file }),
  }))
  const { neighbourFrom } = await import('../../config/lint/neighbour.ts')
  const guests = examined.flatMap(({ subject: { file }, examined: { spec } }) =>
    spec === undefined ? [] : [{ ...neighbourFrom(spec), file }],
  )
  return examined.map(({ subject, examined: one }) => {
    const neighbours = guests.filter(({ file }) => file !== subject.file)
    const expected = subject.name === null ? {} : { expectedName: subject.name }
    return {
      ...subject,
      host: false,
      findings: lintExamined(one, subject.file, { neighbours, ...expected }).map(toApi),
    }
  })
}

const toApi = ({
  key,
  fix,
  ...finding
}: Omit<Finding, 'key' | 'fix'> & Partial<Record<'key' | 'fix', string | undefined>>): Finding => ({
  ...finding,
  ...(key !== undefined && { key }),
  ...(fix !== undefined && { fix }),
})

/** Null, and a remark, when there is no daemon to ask. */
async function askHost({ client, note }: Context, { file, text, name }: Subject): Promise<readonly Finding[] | null> {
  try {
    const about = { definition: { file, text }, ...(name !== null && { name }) }
    return (await client.call('lint', { body: about })).findings
  } catch (error) {
    if (!(error instanceof TetrarchError) || !['daemon-unreachable', 'forbidden'].includes(error.code)) throw error
    note(`not checked against this host: ${escapeControl(error.message)}`)
    return null
  }
}

/** Both lists in the order of places, what they share once. */
function together(one: readonly Finding[], other: readonly Finding[]): readonly Finding[] {
  const keyOf = ({ where, rule, message }: Finding) => JSON.stringify([where.line, where.column, rule, message])
  const all = new Map([...one, ...other].map((finding) => [keyOf(finding), finding]))
  return [...all.values()].toSorted((a, b) => a.where.line - b.where.line || a.where.column - b.where.column)
}
