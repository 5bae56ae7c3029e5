import { isRefusal } from '../../disk-fault.ts'
import { guestNode, readText } from '../guest-files.ts'
import { blscfg } from './blscfg.ts'
import { type BuiltIn, FAILED, OK, type Session, type Status } from './session.ts'
import { parseEnvironmentBlock } from './environment-block.ts'
import { loadCommands } from './load-commands.ts'
import { regexp } from './regexp.ts'
import { search } from './search.ts'
import { evaluateTest, type FileTests } from './test-command.ts'

/** Commands that change only what a person would see, or load GRUB's own code: nothing that decides what boots. */
const WITHOUT_EFFECT: readonly string[] = [
  ...[
    'insmod',
    'rmmod',
    'echo',
    'clear',
    'play',
    'sleep',
    'videoinfo',
    'terminal',
    'terminal_input',
    'terminal_output',
  ],
  ...['serial', 'keymap', 'password', 'password_pbkdf2', 'authenticate', 'cat', 'ls', 'help', 'date', 'trust'],
  ...['background_color', 'lsmod', 'boot', 'rdmsr', 'wrmsr', 'outb', 'dump', 'probe', 'parttool', 'increment'],
  ...['hiddenentry', 'lockdown', 'loadkey', 'fwsetup', 'sendkey'],
]
/** Commands that answer no, because there is no screen, keyboard, network or firmware here. */
const ANSWERS_NO: readonly string[] = [
  ...['background_image', 'loadfont', 'keystatus', 'read', 'net_bootp', 'net_dhcp', 'gptprio.next'],
  ...['cryptomount', 'loopback', 'smbios', 'acpi', 'false'],
]

const everyOne = (names: readonly string[], command: BuiltIn): Record<string, BuiltIn> =>
  Object.fromEntries(names.map((name) => [name, command]))

/** `set name=value`; without a value it lists, which has no effect. */
const set: BuiltIn = (session, words) => {
  for (const word of words) {
    const equals = word.indexOf('=')
    if (equals > 0) session.assign(word.slice(0, equals), word.slice(equals + 1))
  }
  return OK
}

const unset: BuiltIn = (session, words) => {
  for (const word of words) session.variables.delete(word)
  return OK
}

const fileTests = (session: Session): FileTests => {
  const node = (path: string) => {
    const place = session.place(path)
    return isRefusal(place) ? null : guestNode(place.volume, place.path, session.surroundings.budget)
  }
  return {
    exists: (path) => node(path) !== null,
    isDirectory: (path) => node(path)?.kind === 'directory',
    size: (path) => node(path)?.size ?? null,
  }
}

const test: BuiltIn = (session, words, command) => {
  const value = evaluateTest(words, fileTests(session))
  if (value === null) session.note(`line ${command.line}: a test that cannot be understood`)
  return value === true ? OK : FAILED
}

const bracket: BuiltIn = (session, words, command) => {
  if (words.at(-1) === ']') return test(session, words.slice(0, -1), command)
  session.note(`line ${command.line}: "[" without "]"`)
  return FAILED
}

/** Options of menuentry and submenu that take a value (GNU GRUB Manual, "menuentry"). */
const ENTRY_OPTIONS_WITH_VALUE = new Set(['--class', '--users', '--hotkey', '--id', '--source'])

const entryCommand =
  (kind: 'menuentry' | 'submenu'): BuiltIn =>
  (session, words, command) => {
    const parameters: string[] = []
    let id: string | null = null
    for (let at = 0; at < words.length; at++) {
      const [option = '', inline] = splitOption(words[at] ?? '')
      if (!option.startsWith('--')) {
        parameters.push(words[at] ?? '')
        continue
      }
      const value = ENTRY_OPTIONS_WITH_VALUE.has(option) ? (inline ?? words[++at] ?? '') : null
      if (option === '--id') id = value
    }
    const [title] = parameters
    if (title === undefined || command.block === null) {
      session.note(`line ${command.line}: a ${kind} without a title or a block`)
      return FAILED
    }
    session.addEntry({ kind, title, id, block: command.block, parameters })
    return OK
  }

const splitOption = (word: string): string[] => {
  const match = /^(--[^=]+)=(.*)$/s.exec(word)
  return match === null ? [word] : [match[1] ?? '', match[2] ?? '']
}

const source: BuiltIn = (session, words) => {
  const place = session.place(words[0] ?? '')
  if (isRefusal(place)) {
    session.note(place.refused)
    return FAILED
  }
  return session.runFile(place.volume, place.path)
}

/** Shows another file's menu in place of this one. Where that file has no entries, this one goes on. */
const configfile: BuiltIn = (session, words, command) => {
  const other = session.child()
  if (source(other, words, command) !== OK && other.entries.length === 0) return FAILED
  if (other.entries.length === 0) return OK
  session.entries = other.entries
  for (const [name, value] of other.variables) session.variables.set(name, value)
  session.leaving = { kind: 'exit', levels: 1 }
  return OK
}

const loadEnv: BuiltIn = (session, words) => {
  let path = `${session.variable('prefix')}/grubenv`
  const wanted = new Set<string>()
  for (let at = 0; at < words.length; at++) {
    const [option = '', inline] = splitOption(words[at] ?? '')
    if (option === '--file' || option === '-f') path = inline ?? words[++at] ?? ''
    else if (!option.startsWith('-')) wanted.add(option)
  }
  const place = session.place(path)
  const text = isRefusal(place) ? place : readText(place.volume, place.path, session.surroundings.budget)
  const variables = isRefusal(text) ? text : parseEnvironmentBlock(text)
  if (isRefusal(variables)) {
    session.note(`load_env: ${variables.refused}`)
    return FAILED
  }
  for (const [name, value] of variables) if (wanted.size === 0 || wanted.has(name)) session.assign(name, value)
  return OK
}

const saveEnv: BuiltIn = (session, words) => {
  const names = words.filter((word) => !word.startsWith('-')).join(' ')
  session.note(`save_env ${names}: not written, the disk is only read`)
  return OK
}

const leave =
  (kind: 'break' | 'continue' | 'return' | 'exit'): BuiltIn =>
  (session, words): Status => {
    const count = Number.parseInt(words[0] ?? '', 10)
    if (kind === 'return' || kind === 'exit') {
      session.leaving = { kind, levels: 1 }
      return Number.isNaN(count) ? OK : count
    }
    session.leaving = { kind, levels: Number.isNaN(count) ? 1 : Math.max(1, count) }
    return OK
  }

const shift: BuiltIn = (session, words) => {
  session.parameters = session.parameters.slice(Math.max(0, Number.parseInt(words[0] ?? '1', 10)))
  return OK
}

/** `cpuid -l` asks for long mode, which every Xen host has; `--pae` likewise. */
const cpuid: BuiltIn = () => OK

export const builtIns: Readonly<Record<string, BuiltIn>> = {
  ...everyOne(WITHOUT_EFFECT, () => OK),
  ...everyOne(ANSWERS_NO, () => FAILED),
  ...loadCommands,
  true: () => OK,
  blscfg,
  ':': () => OK,
  set,
  unset,
  export: () => OK,
  test,
  '[': bracket,
  menuentry: entryCommand('menuentry'),
  submenu: entryCommand('submenu'),
  source,
  '.': source,
  configfile,
  normal: configfile,
  regexp,
  load_env: loadEnv,
  save_env: saveEnv,
  search,
  'search.fs_uuid': (session, words, command) => search(session, ['--fs-uuid', ...words], command),
  'search.fs_label': (session, words, command) => search(session, ['--label', ...words], command),
  'search.file': (session, words, command) => search(session, ['--file', ...words], command),
  break: leave('break'),
  continue: leave('continue'),
  return: leave('return'),
  exit: leave('exit'),
  halt: leave('exit'),
  reboot: leave('exit'),
  shift,
  cpuid,
}
