/** What guests say and show: their consoles, the logs of them, their screens. */
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import type { Vnc } from '../../api/guest.ts'
import type { LogLine } from '../../api/log.ts'
import { TetrarchError, fail } from '../../words/errors.ts'
import { isGuestName } from '../../words/ids.ts'
import type { GuestConsole } from '../consoles/guest-console.ts'
import { type LogQuery, readLog } from '../consoles/read-log.ts'
import type { Context } from './context.ts'
import type { GuestEntry, Run } from './guest-entry.ts'

const opening = new WeakMap<Run, Promise<GuestConsole>>()

/**
 * The console of a running guest. Those of other toolstacks, and of ours while another program reads them, are opened when
 * somebody attaches. Rejects with `wrong-state` for a halted guest and for a console that another program reads.
 */
export async function consoleOf({ host, registry, config }: Context, ref: string): Promise<GuestConsole> {
  const { name, run, managed } = registry.find(ref)
  if (run === null) {
    throw fail('wrong-state', {
      what: `"${name}" has no console to attach to`,
      why: 'it is not running',
      fix: managed ? `what it said: tetrarch logs ${name}` : `see ${config.paths.xenConsoleLogs}`,
    })
  }
  if (run.console?.open === true) return run.console
  const begun = opening.get(run) ?? host.openConsole(run.domid, managed ? name : null)
  opening.set(run, begun)
  try {
    run.console = await begun
    return run.console
  } finally {
    opening.delete(run)
  }
}

/** A guest's console log from its file: also of one that is gone. Throws `not-found` before the first line. */
export function logOf(context: Context, ref: string, query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine> {
  const path = logPathOf(context, ref)
  const isThere = [path, `${path}.1`].some(isReadable)
  if (isThere || (query.follow && isKnown(context, ref))) return readLog(path, query, signal)
  throw noLog(context, ref, path)
}

function logPathOf({ registry, config: { paths } }: Context, ref: string): string {
  const entry = findOrNull(() => registry.find(ref))
  const name = entry?.name ?? ref
  // A name that another toolstack gave, or a client made up, must not lead out of the folder.
  if (!isGuestName(name))
    throw fail('not-found', { what: `there is no console log of "${name}"`, fix: 'tetrarch list' })
  return entry?.managed === false
    ? join(paths.xenConsoleLogs, `guest-${name}.log`)
    : join(paths.consoleLogs, `${name}.log`)
}

const isKnown = ({ registry }: Context, ref: string): boolean => registry.named(ref) !== null

function noLog({ registry }: Context, ref: string, where: string): TetrarchError {
  const entry = findOrNull(() => registry.find(ref))
  if (entry?.managed === false) {
    return fail('not-found', {
      what: `there is no console log of "${entry.name}"`,
      where,
      why: 'another toolstack made it, and what it says is logged by xenconsoled if at all',
      fix: 'set XENCONSOLED_TRACE=guest in /etc/default/xen; or read from now on: tetrarch console',
    })
  }
  const why = entry === null ? 'there is no such guest, nor was there one' : 'it has not run yet'
  return fail('not-found', { what: `there is no console log of "${ref}"`, where, why, fix: 'tetrarch list' })
}

/** Where a guest's screen is. Throws `wrong-state` when it shows none. */
export async function vncOf({ host, registry }: Context, ref: string): Promise<Vnc> {
  const { name, run } = registry.find(ref)
  const address = run?.description?.vncAddress ?? null
  if (run !== null && address !== null) return { address, password: await host.vncPassword(run.domid) }
  throw fail('wrong-state', {
    what: `"${name}" shows no screen`,
    why: run === null ? 'it is not running' : 'its definition has no vnc=1, nor a vfb',
    fix: run === null ? `tetrarch create ${name}` : `tetrarch console ${name}, or add vnc = 1 to its definition`,
  })
}

function findOrNull(find: () => GuestEntry): GuestEntry | null {
  try {
    return find()
  } catch (thrown) {
    if (thrown instanceof TetrarchError && thrown.code === 'not-found') return null
    throw thrown
  }
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}
