import { type FSWatcher, existsSync, watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Domid, Uuid } from '../../words/ids.ts'

/** Where libxl keeps what it built a domain from (libxl_dom.c, userdata_path). Only root writes there. */
const FOLDER = '/var/lib/xen'
const recordOf = (domid: Domid, uuid: Uuid) => `${FOLDER}/userdata-d.${domid}.${uuid}.libxl-json`

/** A domain of many devices has some tens of KiB; more is none of libxl's. */
const MAX_BYTES = 4 * 1024 * 1024

/** Whether Xen's PV shim runs in a domain, whoever made it: only libxl's record tells, for the shim shows no sign to dom0. */
export async function hasShim(domid: Domid, uuid: Uuid): Promise<boolean> {
  const text = await readFile(recordOf(domid, uuid), 'utf8').catch(() => '')
  return text.length <= MAX_BYTES && /"pvshim"\s*:\s*"True"/.test(text)
}

/** Those who follow a record, by domid: one watch serves all, so that a domain more costs the others nothing. */
const listeners = new Map<number, Set<() => void>>()
let watcher: FSWatcher | null = null

/** Calls back when libxl's record of a domain may have changed: it writes it at the end of a create, when no node of xenstore changes any more. */
export function watchRecord(domid: Domid, listener: () => void): Disposable {
  watchFolder()
  const others = listeners.get(domid) ?? new Set()
  listeners.set(domid, others.add(listener))
  return {
    [Symbol.dispose]() {
      others.delete(listener)
      if (others.size === 0) listeners.delete(domid)
    },
  }
}

function watchFolder(): void {
  // Without the folder there are no records.
  if (watcher !== null || !existsSync(FOLDER)) return
  watcher = watch(FOLDER, { persistent: false }, (_, name) => {
    const domid = /^userdata-d\.(\d+)\./.exec(name ?? '')?.[1]
    for (const listener of listeners.get(Number(domid)) ?? []) listener()
  })
  // A domain is still described without.
  watcher.on('error', () => watcher?.close())
}
