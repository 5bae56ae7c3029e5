import type { Domid } from '../../words/ids.ts'
import type { Domain, Host } from '../host.ts'

export interface WaitLimits {
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** Xen sends no event when a domain's last page is freed, so a wait also looks by itself now and then. Milliseconds. */
const SECOND_LOOK = 250

/** True once the domain (null when Xen has none) is as wanted, false when the time is over. Rejects when the signal aborts. */
export async function whenDomain(
  host: Host,
  domid: Domid,
  wanted: (domain: Domain | null) => boolean,
  { timeoutMs, signal }: WaitLimits,
): Promise<boolean> {
  const isSo = () => wanted(host.domain(domid))
  if (isSo()) return true
  const end = Promise.withResolvers<boolean>()
  const look = () => {
    if (isSo()) end.resolve(true)
  }
  const stop = () => end.reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
  const changes = host.onDomainsChanged(look)
  const timer = setTimeout(() => end.resolve(false), timeoutMs)
  const clock = setInterval(look, SECOND_LOOK)
  signal.addEventListener('abort', stop)
  try {
    signal.throwIfAborted()
    return await end.promise
  } finally {
    clearTimeout(timer)
    clearInterval(clock)
    signal.removeEventListener('abort', stop)
    changes[Symbol.dispose]()
  }
}
