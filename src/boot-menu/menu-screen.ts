/** The boot menu as lines of a terminal, none longer than it is wide. Plain ASCII and reverse video: it is also shown through consoles of old. */
import { escapeControl } from '../words/escape-control.ts'
import type { LineEditor, MenuItem, MenuState } from './menu-state.ts'

export interface ScreenSize {
  readonly columns: number
  readonly rows: number
}

const REVERSE = '\u001b[7m'
const PLAIN = '\u001b[0m'
/** Lines around the list: heading, blanks, three of details, the help. */
const AROUND = 9

/** The lines of the menu under its heading. */
export function drawMenu(state: MenuState, heading: string, size: ScreenSize): readonly string[] {
  const width = Math.max(20, size.columns - 1)
  const item = state.items[state.selected]
  return [
    cut(heading, width),
    '',
    ...list(state, Math.max(3, size.rows - AROUND), width),
    '',
    ...(item === undefined ? [] : details(item, state.editor, width)),
    cut(waitText(state), width),
    cut(helpText(state), width),
  ]
}

function list({ items, selected }: MenuState, height: number, width: number): readonly string[] {
  const first = Math.max(0, Math.min(selected - Math.floor(height / 2), items.length - height))
  return items.slice(first, first + height).map((item, index) => {
    const isSelected = first + index === selected
    const depth = '  '.repeat(item.path.split('>').length - 1)
    const text = cut(` ${isSelected ? '>' : ' '} ${depth}${item.title}${item.problem === null ? '' : ' (!)'}`, width)
    return isSelected ? `${REVERSE}${text.padEnd(Math.min(width, 72))}${PLAIN}` : text
  })
}

function details(item: MenuItem, editor: LineEditor | null, width: number): readonly string[] {
  const line = (label: string, text: string) => cut(` ${label.padEnd(7)} ${text}`, width)
  return [
    line('entry', item.path),
    item.problem === null ? line('kernel', item.kernel ?? '-') : line('problem', item.problem),
    editor === null ? line('args', item.cmdline) : editedLine(editor, width),
  ]
}

/** The part of a line around its cursor, which is shown in reverse video. */
function editedLine({ text, cursor }: LineEditor, width: number): string {
  const label = ' args    '
  const room = width - label.length
  const first = Math.max(0, cursor - room + 1)
  const shown = escapeControl(text.slice(first, first + room))
  const at = cursor - first
  return `${label}${shown.slice(0, at)}${REVERSE}${shown[at] ?? ' '}${PLAIN}${shown.slice(at + 1)}`
}

const waitText = ({ secondsLeft }: MenuState): string => (secondsLeft === null ? '' : ` Boots in ${secondsLeft} s`)

const helpText = ({ editor }: MenuState): string =>
  editor === null
    ? ' Up and Down choose, Enter boots, e edits the command line, q leaves'
    : ' Enter boots with this command line, Esc goes back to the menu'

/** Guests' words made fit for a terminal and for its width. */
function cut(text: string, width: number): string {
  const line = escapeControl(text)
  return line.length > width ? `${line.slice(0, width - 3)}...` : line
}
