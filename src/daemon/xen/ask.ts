/**
 * Asking a guest to end. libxl would hold a worker until the guest has answered; here xenstore is written and watched, so
 * a guest that does not listen costs nothing.
 */
import type { Xenctrl } from '../../libxl/xenctrl.ts'
import { isWholePc, libxlTypeNamed } from '../../modes/domain-type.ts'
import { fail } from '../../words/errors.ts'
import type { Domid } from '../../words/ids.ts'
import type { XenstoreClient } from '../../xenstore/client.ts'
import { controlShutdown, domainPath, libxlType } from '../../xenstore/paths.ts'
import type { AskedBy, Operation } from '../host.ts'

/** The words of control/shutdown (docs/misc/xenstore-paths.pandoc). */
export type Request = 'poweroff' | 'reboot'

export interface Asking extends Operation {
  /** How long a PV driver may take to notice, milliseconds. */
  readonly noticeMs: number
}

export interface AskTools {
  readonly xenstore: XenstoreClient
  readonly xenctrl: Xenctrl
  /** Presses a button of the emulated hardware. */
  readonly press: (domid: Domid, button: 'power' | 'reset', operation: Operation) => Promise<void>
}

/** HVM_PARAM_CALLBACK_IRQ (xen/include/public/hvm/params.h): by this libxl, too, knows whether a PV driver listens. */
const CALLBACK_IRQ = 0

const buttons = { poweroff: 'power', reboot: 'reset' } as const satisfies Record<Request, string>

export async function askGuest(tools: AskTools, domid: Domid, request: Request, operation: Asking): Promise<AskedBy> {
  const { xenstore, xenctrl, press } = tools
  const { noticeMs } = operation
  const hasButtons = isWholePc(libxlTypeNamed(await xenstore.readText(libxlType(domid))))
  if (!hasButtons || (xenctrl.hvmParam(domid, CALLBACK_IRQ) ?? 0n) !== 0n) {
    await writeRequest(xenstore, domid, request)
    if (await isTaken(xenstore, domid, { timeoutMs: noticeMs, signal: operation.signal })) return 'pv-control'
    if (!hasButtons) return 'nobody'
    operation.log(`no PV driver took the request within ${noticeMs / 1000} s`)
  }
  await press(domid, buttons[request], operation)
  return 'acpi'
}

/** Takes a request back that no driver has taken: it would end the guest at its next boot of a driver. */
export async function withdrawRequest(xenstore: XenstoreClient, domid: Domid): Promise<void> {
  const path = controlShutdown(domid)
  await xenstore.transaction(async (within) => {
    const value = await within.readText(path)
    if (value === 'poweroff' || value === 'reboot' || value === 'suspend') await within.write(path, '')
  })
}

/** Writes only below a domain that is there: xenstored would make a tree for one that is not. */
async function writeRequest(xenstore: XenstoreClient, domid: Domid, request: Request): Promise<void> {
  await xenstore.transaction(async (within) => {
    if ((await within.read(domainPath(domid))) === null) {
      throw fail('not-found', { what: `there is no domain ${domid}`, why: 'it has gone', fix: 'tetrarch list' })
    }
    await within.write(controlShutdown(domid), request)
  })
}

/** A driver empties the node when it has read it; the node is gone when the domain is. */
async function isTaken(
  xenstore: XenstoreClient,
  domid: Domid,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<boolean> {
  const path = controlShutdown(domid)
  const taken = Promise.withResolvers<boolean>()
  const look = () => {
    xenstore.read(path).then((value) => {
      if (value === null || value.length === 0) taken.resolve(true)
    }, taken.reject)
  }
  const stop = () => taken.reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
  const timer = setTimeout(() => taken.resolve(false), timeoutMs)
  signal.addEventListener('abort', stop)
  const unwatch = await xenstore.watch(path, look)
  try {
    signal.throwIfAborted()
    return await taken.promise
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
    await unwatch()
  }
}
