/**
 * The boot menu that a person sees before a guest starts, as PyGrub has one: what each key makes of it. Pure; run-menu.ts
 * has the terminal.
 *
 *            e, a                       Enter
 *   choosing ────▶ editing the command line ──▶ boot
 *      │ ▲            │ Esc
 *      │ └────────────┘
 *      ├─ Enter, or nobody came in time ─▶ boot
 *      └─ q, Esc, Ctrl-C ─▶ leave
 */

/** A line of the menu. */
export interface MenuItem {
  readonly path: string
  readonly title: string
  /** Where its kernel is, for people. */
  readonly kernel: string | null
  /** The whole command line that it would be started with. */
  readonly cmdline: string
  /** Why it cannot be booted. */
  readonly problem: string | null
  readonly isDefault: boolean
}

/** A line that is typed. */
export interface LineEditor {
  readonly text: string
  /** Characters before the cursor. */
  readonly cursor: number
}

export interface MenuState {
  readonly items: readonly MenuItem[]
  readonly selected: number
  /** Until the selected item boots by itself; null once a key was pressed. */
  readonly secondsLeft: number | null
  /** Null while choosing. */
  readonly editor: LineEditor | null
}

/** How the menu ended. */
export type Outcome =
  | {
      readonly kind: 'boot'
      readonly item: MenuItem
      /** The command line as it was edited; null when it was not. */
      readonly cmdline: string | null
      readonly by: 'person' | 'timeout'
    }
  | { readonly kind: 'leave' }

export type Next = MenuState | Outcome
export const isOutcome = (next: Next): next is Outcome => 'kind' in next

/** A key as node:readline names it. */
export interface Key {
  readonly name?: string | undefined
  readonly ctrl?: boolean | undefined
  readonly sequence?: string | undefined
}

export const openMenu = (items: readonly MenuItem[], timeoutSeconds: number | null): MenuState => ({
  items,
  selected: Math.max(
    0,
    items.findIndex(({ isDefault }) => isDefault),
  ),
  secondsLeft: timeoutSeconds,
  editor: null,
})

/** A second has gone by. */
export function tick(state: MenuState): Next {
  if (state.secondsLeft === null) return state
  if (state.secondsLeft > 1) return { ...state, secondsLeft: state.secondsLeft - 1 }
  return boot(state, null, 'timeout')
}

/** What a key does. Any key ends the waiting. */
export function press(state: MenuState, key: Key): Next {
  if (key.ctrl === true && key.name === 'c') return { kind: 'leave' }
  const awake = { ...state, secondsLeft: null }
  return awake.editor === null ? choose(awake, key) : edit(awake, awake.editor, key)
}

const PAGE = 10
const STEPS: Readonly<Record<string, number>> = {
  ...{ up: -1, k: -1, '^p': -1, down: 1, j: 1, '^n': 1 },
  ...{ pageup: -PAGE, pagedown: PAGE, home: -Infinity, end: Infinity },
}

const nameOf = ({ name = '', ctrl }: Key): string => (ctrl === true ? `^${name}` : name)

function choose(state: MenuState, key: Key): Next {
  const name = nameOf(key)
  const step = STEPS[name]
  if (step !== undefined) {
    const selected = Math.min(Math.max(state.selected + step, 0), state.items.length - 1)
    return { ...state, selected }
  }
  if (name === 'return' || name === 'enter' || name === 'b') return boot(state, null, 'person')
  if (name === 'q' || name === 'escape') return { kind: 'leave' }
  const item = state.items[state.selected]
  if (item === undefined || (name !== 'e' && name !== 'a')) return state
  return { ...state, editor: { text: item.cmdline, cursor: item.cmdline.length } }
}

function boot(state: MenuState, cmdline: string | null, by: 'person' | 'timeout'): Next {
  const item = state.items[state.selected]
  if (item === undefined) return { kind: 'leave' }
  // One that cannot be booted says so on the screen; a person who insists stays in the menu.
  if (item.problem !== null && by === 'person') return state
  return { kind: 'boot', item, cmdline: cmdline === item.cmdline ? null : cmdline, by }
}

function edit(state: MenuState, editor: LineEditor, key: Key): Next {
  const name = nameOf(key)
  if (name === 'escape') return { ...state, editor: null }
  if (name === 'return' || name === 'enter') return boot(state, editor.text.trim(), 'person')
  return { ...state, editor: editLine(editor, key) }
}

type Edit = (before: string, after: string) => readonly [before: string, after: string]

/** What a shell's line editor has, by name. */
const EDITS: Readonly<Record<string, Edit>> = {
  left: (before, after) => [before.slice(0, -1), before.slice(-1) + after],
  right: (before, after) => [before + after.slice(0, 1), after.slice(1)],
  home: (before, after) => ['', before + after],
  end: (before, after) => [before + after, ''],
  backspace: (before, after) => [before.slice(0, -1), after],
  delete: (before, after) => [before, after.slice(1)],
  '^u': (_before, after) => ['', after],
  '^k': (before) => [before, ''],
  '^w': (before, after) => [before.replace(/\S+\s*$/, ''), after],
}
const ALIASES: Readonly<Record<string, string>> = {
  ...{ '^a': 'home', '^e': 'end', '^b': 'left', '^f': 'right', '^h': 'backspace', '^d': 'delete' },
}
/** What a kernel takes, and what a sandbox lets through. */
const MAX_LINE = 4000

export function editLine({ text, cursor }: LineEditor, key: Key): LineEditor {
  const name = nameOf(key)
  const typed = key.sequence ?? ''
  const change = EDITS[ALIASES[name] ?? name] ?? (isPrintable(typed) ? insert(typed) : null)
  if (change === null) return { text, cursor }
  const [before, after] = change(text.slice(0, cursor), text.slice(cursor))
  return before.length + after.length > MAX_LINE ? { text, cursor } : { text: before + after, cursor: before.length }
}

const insert =
  (typed: string): Edit =>
  (before, after) => [before + typed, after]

const isPrintable = (typed: string): boolean => typed !== '' && !/[\p{C}\p{Zl}\p{Zp}]/u.test(typed)
