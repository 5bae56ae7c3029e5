import type { EndReason } from '../../api/guest.ts'
import type { DaemonConfig } from '../../config/daemon-config.ts'

type Limits = Pick<DaemonConfig['guests'], 'crashLoopRestarts' | 'crashLoopWindowMs'>

/** A guest that crashes again and again is left halted, so that it does not keep a host busy for ever. A reboot is no crash. */
export class CrashBrake {
  readonly #limits: Limits
  readonly #restarts = new Map<string, readonly number[]>()

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** Whether a guest that ended so may be started again; counts it if it may. */
  mayRestart(name: string, reason: EndReason, now = Date.now()): boolean {
    if (reason !== 'crash' && reason !== 'watchdog') return true
    const recent = (this.#restarts.get(name) ?? []).filter((at) => now - at < this.#limits.crashLoopWindowMs)
    if (recent.length >= this.#limits.crashLoopRestarts) return false
    this.#restarts.set(name, [...recent, now])
    return true
  }
}
