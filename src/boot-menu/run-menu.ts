/** Shows the boot menu on a terminal until somebody has chosen, or nobody did in time. The terminal is as before afterwards. */
import type { ReadStream, WriteStream } from 'node:tty'
import { drawMenu } from './menu-screen.ts'
import {
  type Key,
  type MenuItem,
  type MenuState,
  type Next,
  type Outcome,
  isOutcome,
  openMenu,
  press,
  tick,
} from './menu-state.ts'
import { listening, rawKeys } from './raw-keys.ts'

export interface BootMenu {
  readonly heading: string
  readonly items: readonly MenuItem[]
  /** Seconds after which the default boots; null waits for ever. */
  readonly timeoutSeconds: number | null
}

export interface MenuTerminal {
  readonly input: ReadStream
  readonly output: WriteStream
}

const HIDE_CURSOR = '\u001b[?25l'
const SHOW_CURSOR = '\u001b[?25h'
const CLEAR_BELOW = '\u001b[J'

export async function runMenu({ heading, items, timeoutSeconds }: BootMenu, terminal: MenuTerminal): Promise<Outcome> {
  if (timeoutSeconds === 0) return defaultOf(openMenu(items, 0))
  const { input, output } = terminal
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  let state = openMenu(items, timeoutSeconds)
  let drawn = 0
  const draw = (): void => {
    // The size is 0 on a terminal of whose window nobody told, such as the one that libxl gives its boot loaders.
    const size = { columns: output.columns || 80, rows: output.rows || 24 }
    const lines = drawMenu(state, heading, size)
    output.write(`${erase(drawn)}${lines.join('\r\n')}`)
    drawn = lines.length
  }
  const go = (next: Next): void => {
    if (isOutcome(next)) resolve(next)
    else {
      state = next
      draw()
    }
  }
  using open = new DisposableStack()
  open.use(rawKeys(input))
  open.use(listening(input, 'keypress', (_text: string | undefined, key: Key) => go(press(state, key))))
  open.use(listening(input, 'end', () => resolve({ kind: 'leave' })))
  open.use(listening(output, 'resize', draw))
  open.adopt(
    setInterval(() => go(tick(state)), 1000),
    clearInterval,
  )
  open.defer(() => output.write(`${erase(drawn)}${SHOW_CURSOR}`))
  output.write(HIDE_CURSOR)
  draw()
  return await promise
}

function defaultOf(state: MenuState): Outcome {
  const next = tick(state)
  return isOutcome(next) ? next : { kind: 'leave' }
}

/** Goes back to the first of the lines that were drawn, and clears them. */
const erase = (lines: number): string =>
  lines === 0 ? '' : `\r${lines > 1 ? `\u001b[${lines - 1}A` : ''}${CLEAR_BELOW}`
