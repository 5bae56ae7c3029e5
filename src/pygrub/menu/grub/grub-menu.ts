/**
 * GRUB 2's menu: runs grub.cfg as GRUB would on this machine, with budgets instead of trust, and turns what it
 * registers into entries. The disk is never written, so what the script would save is reported instead.
 */
import { attempt, type Budget, isRefusal, type Refusal, refuse } from '../../disk-fault.ts'
import { type Volume } from '../../volumes.ts'
import { type Boot, type Menu, type MenuEntry, timeoutOf } from '../menu.ts'
import { builtIns } from './commands.ts'
import { grubDevice } from './search.ts'
import { FAILED, type ScriptEntry, Session, type Surroundings } from './session.ts'

/** Where distributions keep it, in the order of search: Debian, then a separate /boot, then the same of Fedora and SUSE. */
export const GRUB_PATHS: readonly string[] = [
  '/boot/grub/grub.cfg',
  '/grub/grub.cfg',
  '/boot/grub2/grub.cfg',
  '/grub2/grub.cfg',
]

/** Variables GRUB itself sets; those named feature_* tell scripts what it can do (GRUB normal/main.c). */
const OWN_VARIABLES: readonly (readonly [string, string])[] = [
  ['grub_cpu', 'x86_64'],
  ['grub_platform', 'xen'],
  ['menuentry_id_option', '--id'],
  ...['chainloader_bpb', 'ntldr', 'platform_search_hint', 'default_font_path', 'all_video_module', 'menuentry_id'].map(
    (name) => [`feature_${name}`, 'y'] as const,
  ),
  ...['menuentry_options', 'nativedisk_cmd', 'timeout_style', '200_final'].map(
    (name) => [`feature_${name}`, 'y'] as const,
  ),
]

/** Menus in menus. */
const MAX_MENU_DEPTH = 8

export interface GrubOptions {
  readonly volumes: readonly Volume[]
  readonly budget: Budget
  note(text: string): void
}

/** Runs a grub.cfg. Refused when it cannot be read or registers no entry. */
export function readGrubMenu(volume: Volume, path: string, options: GrubOptions): Menu | Refusal {
  const said = new Set<string>()
  const surroundings: Surroundings = {
    volumes: options.volumes,
    budget: options.budget,
    builtIns,
    functions: new Map(),
    note(text) {
      if (!said.has(text)) options.note(text)
      said.add(text)
    },
  }
  const device = grubDevice(volume)
  const variables = new Map(OWN_VARIABLES)
  variables.set('root', device)
  variables.set('prefix', `(${device})${path.slice(0, path.lastIndexOf('/'))}`)
  variables.set('config_directory', variables.get('prefix') ?? '')
  variables.set('config_file', `(${device})${path}`)
  const session = new Session(surroundings, variables, `${volume.name}:${path}`)
  const status = attempt(() => session.runFile(volume, path))
  if (isRefusal(status)) return status
  if (session.entries.length === 0) {
    return refuse(`${volume.name}:${path}: ${status === FAILED ? 'cannot be read' : 'has no entries'}`)
  }
  return menuOf(session, '')
}

function menuOf(session: Session, pathBefore: string): Menu {
  const entries = session.entries.map((entry, index) => menuEntry(session, entry, `${pathBefore}${index}`))
  const wanted = session.variable('default')
  const index = wanted === '' ? 0 : findEntry(session.entries, wanted)
  if (index === null) session.note(`its default "${wanted}" is no entry of this menu: GRUB takes the first`)
  const fallbacks = session
    .variable('fallback')
    .split(/\s+/)
    .filter((name) => name !== '')
  return {
    entries,
    defaultIndex: index ?? 0,
    defaultBecause: defaultReason(wanted, index),
    fallbacks: fallbacks.flatMap((name) => findEntry(session.entries, name) ?? []),
    timeoutSeconds: timeoutOf(session.variable('timeout')),
  }
}

function defaultReason(wanted: string, index: number | null): string {
  if (wanted === '') return 'the file names no default, so it is the first'
  return index === null ? `there is no entry "${wanted}", so it is the first` : `default is "${wanted}"`
}

/** The entry that `default` names at this level: its id or title, or its number; what follows `>` is for the submenu. */
function findEntry(entries: readonly ScriptEntry[], wanted: string): number | null {
  const [first] = splitPath(wanted)
  const named = entries.findIndex(({ title, id }) => first !== '' && (id === first || title === first))
  if (named >= 0) return named
  const number = /^\d+$/.test(first.trim()) ? Number(first) : NaN
  return number < entries.length ? number : null
}

/** Splits `1>2` or `Advanced>Debian` at the first `>`; `>>` stands for the character itself. */
export function splitPath(path: string): readonly [string, string] {
  const match = /^((?:>>|[^>])*)(?:>(?!>)([\s\S]*))?$/.exec(path)
  return [(match?.[1] ?? path).replaceAll('>>', '>'), match?.[2] ?? '']
}

function menuEntry(session: Session, entry: ScriptEntry, path: string): MenuEntry {
  const run = (): Session => {
    const inner = session.child()
    inner.assign('chosen', entry.id ?? entry.title)
    const [, rest] = splitPath(session.variable('default'))
    if (entry.kind === 'submenu') inner.assign('default', rest)
    inner.runWith(entry.parameters, entry.block)
    return inner
  }
  return {
    title: entry.title,
    id: entry.id,
    path,
    submenu() {
      if (entry.kind !== 'submenu') return null
      const inner = attempt(run)
      if (isRefusal(inner)) return emptyMenu(inner.refused)
      return menuOf(inner, `${path}>`)
    },
    boot: () => attempt(() => bootOf(run(), path)),
  }
}

const emptyMenu = (why: string): Menu => ({
  ...{ entries: [], defaultIndex: 0, defaultBecause: why, fallbacks: [], timeoutSeconds: null },
})

/** What an entry's block has loaded; one that shows another menu boots that menu's default. */
function bootOf(session: Session, path: string): Boot | Refusal {
  if (path.split('>').length > MAX_MENU_DEPTH) return refuse('menus are nested too deeply')
  const { kernel, ramdisks, cmdline, problem } = session.loaded
  if (problem !== null) return refuse(problem)
  if (kernel !== null) return { kernel, ramdisks, cmdline }
  if (session.entries.length === 0) return refuse('it loads no kernel')
  const menu = menuOf(session, `${path}>`)
  return menu.entries[menu.defaultIndex]?.boot() ?? refuse('it loads no kernel')
}
