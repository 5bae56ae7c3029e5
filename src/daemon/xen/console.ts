/** Finds a domain's terminal in dom0 and opens it before the guest says its first word. */
import type { Xenctrl } from '../../libxl/xenctrl.ts'
import { fail } from '../../words/errors.ts'
import type { Domid, XenstorePath } from '../../words/ids.ts'
import type { XenstoreClient } from '../../xenstore/client.ts'
import { consoleTty, serialTty } from '../../xenstore/paths.ts'
import { oneAtATime } from '../one-at-a-time.ts'
import { lockConsole } from '../consoles/console-lock.ts'
import { type GuestConsole, type GuestConsoleOptions, openGuestConsole } from '../consoles/guest-console.ts'
import { openPty } from '../consoles/open-pty.ts'
import { logHeading } from '../consoles/log-heading.ts'

export interface ConsoleTools extends GuestConsoleOptions {
  /** How long xenconsoled may take to make the terminal, milliseconds. */
  readonly terminalMs: number
}

/**
 * Reads a domain's console until it is closed or the domain has gone, into the log of this name; with null into no log, and
 * only for as long as somebody is attached. A xenconsoled that restarts makes another terminal, which is taken instead.
 * Throws `xenstore-failed` when no terminal appears in time, `wrong-state` when another program reads it.
 */
export async function openDomainConsole(
  tools: ConsoleTools,
  { xenstore, xenctrl }: { readonly xenstore: XenstoreClient; readonly xenctrl: Xenctrl },
  domid: Domid,
  log: string | null,
): Promise<GuestConsole> {
  const held = new DisposableStack()
  held.use(lockConsole(domid))
  const node = new TerminalNode(xenstore, domid)
  held.defer(() => void node.close())
  let path: string | null = null
  const appear = async () => {
    path = await node.appears(tools.terminalMs)
    if (path === null) throw noTerminal(domid, tools.terminalMs)
    return await openPty(path)
  }
  const hungUp = () => {
    // The next one may get the same number; until it is named, that may be anybody's terminal.
    path = null
    return xenctrl.domain(domid)?.dying === false ? 'wait' : 'end'
  }
  let opened: GuestConsole
  try {
    opened = await openGuestConsole(appear(), log, {
      ...tools,
      heading: logHeading(domid),
      onHangUp: hungUp,
      onClose: () => held.dispose(),
      ...(log === null && { onDeserted: () => opened.close() }),
    })
  } catch (thrown) {
    held.dispose()
    throw thrown
  }
  const follow = oneAtATime(async () => {
    const next = await node.read()
    if (next === null || next === path || !opened.open) return
    opened.replaceTerminal(await openPty(next))
    path = next
  })
  node.onChange(() => void follow().catch(() => undefined))
  return opened
}

/** The nodes that name a domain's terminal, watched from before the first look on. */
class TerminalNode {
  readonly #xenstore: XenstoreClient
  readonly #nodes: readonly XenstorePath[]
  readonly #unwatch: readonly Promise<() => Promise<void>>[]
  #changed: () => void = () => undefined

  constructor(xenstore: XenstoreClient, domid: Domid) {
    this.#xenstore = xenstore
    this.#nodes = [serialTty(domid, 0), consoleTty(domid)]
    this.#unwatch = this.#nodes.map((node) => xenstore.watch(node, () => this.#changed()))
    for (const each of this.#unwatch) each.catch(() => undefined)
  }

  onChange(changed: () => void): void {
    this.#changed = changed
  }

  /** An emulated serial port comes first: where a definition gives one, the system in the guest speaks there. */
  async read(): Promise<string | null> {
    const [serial, own] = await Promise.all(this.#nodes.map((node) => this.#xenstore.readText(node)))
    return serial || own || null
  }

  /** What is named once something is, null when the time is over. */
  async appears(timeoutMs: number): Promise<string | null> {
    const found = Promise.withResolvers<string | null>()
    const look = () => void this.read().then((path) => path !== null && found.resolve(path), found.reject)
    this.onChange(look)
    const timer = setTimeout(() => found.resolve(null), timeoutMs)
    try {
      await Promise.all(this.#unwatch)
      return await found.promise
    } finally {
      clearTimeout(timer)
    }
  }

  async close(): Promise<void> {
    for (const each of await Promise.allSettled(this.#unwatch)) {
      if (each.status === 'fulfilled') await each.value().catch(() => undefined)
    }
  }
}

const noTerminal = (domid: Domid, terminalMs: number): Error =>
  fail('xenstore-failed', {
    what: `domain ${domid} has no console`,
    why: `xenconsoled made no terminal within ${terminalMs} ms`,
    fix: 'see whether xenconsoled runs: systemctl status xen',
  })
