/** Finds a domain's terminal in dom0 and opens it before the guest says its first word. */
import { fail } from '../../words/errors.ts'
import type { Domid, XenstorePath } from '../../words/ids.ts'
import type { XenstoreClient } from '../../xenstore/client.ts'
import { consoleTty, serialTty } from '../../xenstore/paths.ts'
import { type GuestConsole, type GuestConsoleOptions, openGuestConsole } from '../consoles/guest-console.ts'
import { openPty } from '../consoles/open-pty.ts'

export interface ConsoleTools extends GuestConsoleOptions {
  /** How long xenconsoled may take to make the terminal, milliseconds. */
  readonly terminalMs: number
}

/**
 * An emulated serial port comes first: where a definition gives one, the system in the guest speaks there.
 * Throws `xenstore-failed` when no terminal appears in time.
 */
export async function openDomainConsole(
  tools: ConsoleTools,
  xenstore: XenstoreClient,
  domid: Domid,
  name: string,
): Promise<GuestConsole> {
  const serial = await xenstore.readText(serialTty(domid, 0))
  const path = serial ?? (await appearing(xenstore, consoleTty(domid), tools.terminalMs))
  if (path === null) {
    throw fail('xenstore-failed', {
      what: `domain ${domid} has no console`,
      why: `xenconsoled made no terminal within ${tools.terminalMs} ms`,
      fix: 'see whether xenconsoled runs: systemctl status xen',
    })
  }
  return await openGuestConsole(await openPty(path), name, tools)
}

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
