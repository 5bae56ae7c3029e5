import type { EndReason } from '../../api/guest.ts'
import type { DaemonConfig } from '../../config/daemon-config.ts'

type Limits = Pick<
  DaemonConfig['guests'],
  'crashLoopRestarts' | 'crashLoopWindowMs' | 'restartPauseMs' | 'restartPauseMaxMs'
>

/** Ends that nobody wanted. */
const CRASHES: ReadonlySet<EndReason> = new Set<EndReason>(['crash', 'watchdog', 'device-model'])

/** What becomes of a guest that is to restart. */
export type Ruling =
  | { readonly kind: 'restart'; readonly pauseMs: number; readonly crashes: number }
  | { readonly kind: 'stay-down'; readonly crashes: number }

/**
 * A guest that crashes again and again restarts after ever longer pauses and is left halted in the end, so that it does not
 * keep a host busy for ever. A reboot is no crash.
 */
export class CrashBrake {
  readonly #limits: Limits
  readonly #crashes = new Map<string, readonly number[]>()

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** Whether and when a guest that ended so may be started again; counts its crash. */
  rule(name: string, reason: EndReason, now = Date.now()): Ruling {
    if (!CRASHES.has(reason)) return { kind: 'restart', pauseMs: 0, crashes: 0 }
    const { crashLoopRestarts, crashLoopWindowMs, restartPauseMs, restartPauseMaxMs } = this.#limits
    const recent = [...(this.#crashes.get(name) ?? []).filter((at) => now - at < crashLoopWindowMs), now]
    this.#crashes.set(name, recent)
    const crashes = recent.length
    if (crashes > crashLoopRestarts) return { kind: 'stay-down', crashes }
    return { kind: 'restart', pauseMs: Math.min(restartPauseMs * 2 ** (crashes - 1), restartPauseMaxMs), crashes }
  }

  /** Someone has started or destroyed the guest on purpose: it begins anew. */
  release(name: string): void {
    this.#crashes.delete(name)
  }
}
