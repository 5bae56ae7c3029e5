/** Finds a domain's terminal in dom0 and opens it before the guest says its first word. */
import type { Xenctrl } from '../../libxl/xenctrl.ts'
import { fail } from '../../words/errors.ts'
import type { Domid, XenstorePath } from '../../words/ids.ts'
import type { XenstoreClient } from '../../xenstore/client.ts'
import { consoleTty, serialTty } from '../../xenstore/paths.ts'
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
 * only for as long as somebody is attached. An emulated serial port comes first: where a definition gives one, the
 * system in the guest speaks there. A xenconsoled that restarts makes another terminal, which is taken instead.
 * Throws `xenstore-failed` when no terminal appears in time, `wrong-state` when another program reads it.
 */
export async function openDomainConsole(
  tools: ConsoleTools,
  { xenstore, xenctrl }: { readonly xenstore: XenstoreClient; readonly xenctrl: Xenctrl },
  domid: Domid,
  log: string | null,
): Promise<GuestConsole> {
  using held = new DisposableStack()
  held.use(lockConsole(domid))
  const serial = await xenstore.readText(serialTty(domid, 0))
  const node = serial === null ? consoleTty(domid) : serialTty(domid, 0)
  let path = serial ?? (await appearing(xenstore, node, tools.terminalMs))
  if (path === null) throw noTerminal(domid, tools.terminalMs)
  const tty = await openPty(path)
  const lives = () => xenctrl.domain(domid)?.dying === false
  const kept = held.move()
  const opened: GuestConsole = await openGuestConsole(tty, log, {
    ...tools,
    heading: logHeading(domid),
    onHangUp: () => (lives() ? 'wait' : 'end'),
    onClose: () => kept.dispose(),
    ...(log === null && { onDeserted: () => opened.close() }),
  })
  const follow = async (): Promise<void> => {
    const next = await xenstore.readText(node)
    if (next === null || next === path || !opened.open) return
    path = next
    opened.replaceTerminal(await openPty(next))
  }
  const unwatch = await xenstore.watch(node, () => void follow().catch(() => undefined))
  kept.defer(() => void unwatch().catch(() => undefined))
  return opened
}

const noTerminal = (domid: Domid, terminalMs: number): Error =>
  fail('xenstore-failed', {
    what: `domain ${domid} has no console`,
    why: `xenconsoled made no terminal within ${terminalMs} ms`,
    fix: 'see whether xenconsoled runs: systemctl status xen',
  })

/** The value of a node once it has one, null when the time is over. */
async function appearing(xenstore: XenstoreClient, path: XenstorePath, timeoutMs: number): Promise<string | null> {
  const found = Promise.withResolvers<string | null>()
  const look = () => {
    xenstore.readText(path).then((value) => value && found.resolve(value), found.reject)
  }
  const unwatch = await xenstore.watch(path, look)
  const timer = setTimeout(() => found.resolve(null), timeoutMs)
  try {
    return await found.promise
  } finally {
    clearTimeout(timer)
    await unwatch()
  }
}
