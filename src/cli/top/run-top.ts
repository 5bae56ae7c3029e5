/** The live table on a terminal, until somebody leaves. The terminal is as before afterwards, however it ends. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Usage } from '../../api/usage.ts'
import { listening, rawKeys } from '../../boot-menu/raw-keys.ts'
import { TetrarchError } from '../../words/errors.ts'
import type { Context } from '../context.ts'
import { sampleBetween } from './sample.ts'
import { drawTop } from './top-screen.ts'
import { type SortName, type TopKey, type TopState, openTop, press, receive } from './top-state.ts'

/** The other screen of the terminal, without a cursor; and back. */
const ENTER = '\u001b[?1049h\u001b[?25l'
const LEAVE = '\u001b[?25h\u001b[?1049l'
const HOME = '\u001b[H'
const CLEAR_LINE = '\u001b[K'
const CLEAR_BELOW = '\u001b[J'
const ENDING_SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const

export interface TopOptions {
  readonly sort: SortName
  /** Seconds between samples. */
  readonly delay: number
  /** Ends by itself after so many samples; null goes on. */
  readonly samples: number | null
}

/** Rejects when the daemon cannot be reached at first; later it is waited for. */
export async function runTop(context: Context, { sort, delay, samples }: TopOptions): Promise<void> {
  const first = await context.client.call('usage', {})
  const left = new AbortController()
  let state: TopState = openTop(sort)
  const draw = () => {
    const { columns, rows } = process.stdout
    const lines = drawTop(state, { columns, rows, delay }, context.out.color)
    process.stdout.write(`${HOME}${lines.join(`${CLEAR_LINE}\r\n`)}${CLEAR_LINE}${CLEAR_BELOW}`)
  }
  using open = new DisposableStack()
  open.use(otherScreen())
  open.use(rawKeys(process.stdin))
  open.use(
    listening(process.stdin, 'keypress', (_text: string | undefined, key: TopKey) => {
      const next = press(state, key)
      if (next === 'leave') left.abort()
      else {
        state = next
        draw()
      }
    }),
  )
  open.use(listening(process.stdin, 'end', () => left.abort()))
  open.use(listening(process.stdout, 'resize', draw))
  draw()
  let before = first
  for (let taken = 0; taken !== samples && (await passed(delay, left.signal)); taken += 1) {
    const after = await nextUsage(context)
    if (typeof after === 'string') state = { ...state, trouble: after }
    else {
      state = receive(state, sampleBetween(before, after, new Date().toISOString()))
      before = after
    }
    if (!left.signal.aborted) draw()
  }
}

/** The counters now, or why there are none: a daemon that restarts is back soon. */
async function nextUsage({ client }: Context): Promise<Usage | string> {
  try {
    return await client.call('usage', {})
  } catch (error) {
    if (!(error instanceof TetrarchError) || error.code !== 'daemon-unreachable') throw error
    return 'the daemon does not answer; trying again'
  }
}

/** False when somebody has left meanwhile. */
const passed = (seconds: number, signal: AbortSignal): Promise<boolean> =>
  sleep(seconds * 1000, true, { signal }).catch(() => false)

function otherScreen(): Disposable {
  const restore = () => void process.stdout.write(LEAVE)
  const leave = (signal: keyof typeof ENDING_SIGNALS) => process.exit(128 + ENDING_SIGNALS[signal])
  const signals = Object.keys(ENDING_SIGNALS) as (keyof typeof ENDING_SIGNALS)[]
  process.once('exit', restore)
  for (const signal of signals) process.once(signal, leave)
  process.stdout.write(ENTER)
  return {
    [Symbol.dispose]: () => {
      restore()
      process.off('exit', restore)
      for (const signal of signals) process.off(signal, leave)
    },
  }
}
