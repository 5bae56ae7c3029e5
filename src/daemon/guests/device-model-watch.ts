/**
 * Watches the QEMU of every guest: Xen says nothing when one dies, and a guest whose QEMU is gone runs on without its
 * disks and its screen. This is the one thing that is looked at by the clock, which stands still while there is no QEMU.
 *
 *   well ◀──answers── hung
 *     │ silent ──────▶ ▲ (so many looks in a row)
 *     └─ gone ───────▶ dead
 */
import type { DaemonConfig } from '../../config/daemon-config.ts'
import type { DeviceModelFailure, GuestSpec } from '../../config/guest-spec.ts'
import { asTetrarchError } from '../../words/errors.ts'
import type { DeviceModelCheck, Domain } from '../host.ts'
import { type Context, domainOf } from './context.ts'
import type { DeviceModelSeen, GuestEntry, Run } from './guest-entry.ts'
import type { Observer } from './observer.ts'

/** Told once of each QEMU that died or hangs. */
export type OnDeviceModelFailed = (entry: GuestEntry) => void

/** What happens to a guest whose QEMU failed: its own word, or the daemon's. */
export const deviceModelFailureOf = (
  spec: GuestSpec | undefined,
  { deviceModel }: Pick<DaemonConfig, 'deviceModel'>,
): DeviceModelFailure => spec?.onDeviceModelFailure ?? deviceModel.onFailure

export class DeviceModelWatch implements Disposable {
  readonly #context: Context
  readonly #observer: Observer
  readonly #onFailed: OnDeviceModelFailed
  /** Looks in a row that found a QEMU silent, or since when its paused guest has been without it. */
  readonly #suspects = new WeakMap<Run, { silent: number; goneSince: number | null }>()
  readonly #looking = new WeakSet<Run>()
  readonly #over = new AbortController()
  #clock: NodeJS.Timeout | null = null

  constructor(context: Context, observer: Observer, onFailed: OnDeviceModelFailed) {
    this.#context = context
    this.#observer = observer
    this.#onFailed = onFailed
    this.#wind()
    void this.#follow()
  }

  [Symbol.dispose](): void {
    this.#over.abort()
    this.#stop()
  }

  /** A QEMU that is seen for the first time, or another one, is told as an event. */
  async #follow(): Promise<void> {
    for await (const { kind } of this.#context.bus.since(null, this.#over.signal))
      if (kind === 'guest.device-model') this.#wind()
  }

  #wind(): void {
    this.#clock ??= setInterval(() => this.#lookAtAll(), this.#context.config.deviceModel.checkMs).unref()
  }

  #stop(): void {
    if (this.#clock !== null) clearInterval(this.#clock)
    this.#clock = null
  }

  #lookAtAll(): void {
    const watched = this.#context.registry
      .all()
      .flatMap((entry) => (entry.run !== null && pidOf(entry.run) !== null ? [{ entry, run: entry.run }] : []))
    if (watched.length === 0) {
      this.#stop()
      return
    }
    const domains = new Map(this.#context.host.domains().map((domain) => [domain.domid, domain]))
    for (const { entry, run } of watched) {
      const domain = domains.get(run.domid)
      if (domain === undefined || !isUp(entry, domain) || this.#looking.has(run)) continue
      const pid = pidOf(run)
      if (pid === null || run.deviceModel?.health === 'dead') continue
      this.#looking.add(run)
      this.#lookAt(entry, run, pid)
        .catch((thrown: unknown) => {
          this.#context.log.warn({ guest: entry.name }, `its QEMU: ${asTetrarchError(thrown).message}`)
        })
        .finally(() => this.#looking.delete(run))
    }
  }

  async #lookAt(entry: GuestEntry, run: Run, pid: number): Promise<void> {
    const check = await this.#context.host.checkDeviceModel(run.domid, pid)
    // What ends a guest ends its QEMU first: by now that may be seen.
    const domain = domainOf(this.#context.host, run.domid)
    if (entry.run !== run || domain === null || !isUp(entry, domain)) return
    if (check.found === 'gone' && !this.#isGoneForGood(run, domain)) return
    if (check.found === 'gone') await this.#observer.refresh(entry)
    // A soft reset gives a guest another one.
    if (pidOf(run) !== pid) return
    const seen = this.#judge(run, pid, check)
    const before = run.deviceModel
    run.deviceModel = seen
    this.#observer.tell(entry)
    if (seen.health !== 'well' && seen.health !== before?.health) this.#failed(entry, seen)
  }

  #judge(run: Run, pid: number, check: DeviceModelCheck): DeviceModelSeen {
    const suspect = this.#suspect(run)
    const known = run.deviceModel?.pid === pid ? run.deviceModel : { pid, ...NOTHING_SEEN }
    if (check.found === 'well') {
      suspect.silent = 0
      const { status, cdroms } = check
      return { ...known, ...NOTHING_SEEN, status: status ?? known.status, cdroms }
    }
    const { lastWords } = check
    if (check.found === 'gone') return { ...known, health: 'dead', trouble: 'its process has ended', lastWords }
    suspect.silent += 1
    if (suspect.silent < this.#context.config.deviceModel.hungChecks) return known
    return { ...known, health: 'hung', trouble: check.why, lastWords }
  }

  /** Other toolstacks pause a domain, end its QEMU and then destroy it: the QEMU of a paused guest may be missed for a while. */
  #isGoneForGood(run: Run, { state }: Domain): boolean {
    const suspect = this.#suspect(run)
    if (state === 'running') return true
    suspect.goneSince ??= Date.now()
    return Date.now() - suspect.goneSince >= this.#context.config.deviceModel.pausedGraceMs
  }

  #suspect(run: Run): { silent: number; goneSince: number | null } {
    const suspect = this.#suspects.get(run) ?? { silent: 0, goneSince: null }
    this.#suspects.set(run, suspect)
    return suspect
  }

  #failed(entry: GuestEntry, { health, trouble, lastWords }: DeviceModelSeen): void {
    const { log } = this.#context
    log.error({ guest: entry.name, health, trouble, lastWords }, `the QEMU of "${entry.name}" is ${health}: ${trouble}`)
    this.#onFailed(entry)
  }
}

const NOTHING_SEEN = { health: 'well', trouble: null, status: null, cdroms: [], lastWords: [] } as const

const pidOf = ({ description }: Run): number | null =>
  description?.deviceModelPid ?? description?.lostDeviceModelPid ?? null

const isUp = ({ operation }: GuestEntry, { state }: Domain): boolean =>
  operation === null && (state === 'running' || state === 'paused')
