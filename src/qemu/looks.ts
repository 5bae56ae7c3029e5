/**
 * Looks at the QEMUs of this host again and again, at little cost: a process is recognized by when it began, and one that
 * visibly works is asked only now and then what it does. Each question is a connection of its own: QEMU serves one client a
 * socket, and xentop wants this one, too.
 */
import type { Domid } from '../words/ids.ts'
import { type QemuAsked, askQemu } from './ask.ts'
import { servesDomain } from './device-model.ts'
import { logOfProcess } from './log.ts'
import { type ProcessStat, mainThreadSleeps, processStat } from './process.ts'
import { qmpSocket } from './qmp.ts'

export interface LooksOptions {
  readonly connectMs: number
  readonly commandMs: number
  /** How often one that works is asked, milliseconds. */
  readonly askMs: number
  /** Where procfs is mounted. */
  readonly proc?: string
  /** The folder of logs that are QEMU's. */
  readonly logs?: string
  /** The control socket of a domain's QEMU. */
  readonly socketOf?: (domid: Domid) => string
}

export type QemuCheck = { readonly found: 'gone' } | QemuAsked

export interface QemuLook {
  readonly check: QemuCheck
  /** The file that it logs or logged into, null when that is not known. */
  readonly log: string | null
}

/** What is remembered of a process between two looks. */
interface Known {
  readonly began: string
  readonly domid: Domid
  lookedAt: number
  log: string | null
  sleeps: number
  /** Its last answer, and when it gave it. */
  answer: QemuAsked | null
  answeredAt: number
}

/** Its timers alone wake QEMU's main thread more often than this between two looks. */
const SLEEPS_OF_A_LIVING_LOOP = 3
/** One that was not looked at for so long serves a guest that is gone, milliseconds. */
const FORGET_AFTER = 600_000

export class QemuLooks {
  readonly #options: Required<LooksOptions>
  readonly #known = new Map<number, Known>()

  constructor(options: LooksOptions) {
    this.#options = { proc: '/proc', logs: '/var/log/xen', socketOf: qmpSocket, ...options }
  }

  async look(domid: Domid, pid: number): Promise<QemuLook> {
    const { proc, logs } = this.#options
    this.#forgetOld()
    const before = this.#known.get(pid)?.log ?? null
    const stat = await processStat(pid, proc)
    const known = stat === null || stat.state === 'Z' ? null : await this.#recognize(domid, pid, stat)
    if (stat === null || known === null) {
      this.#known.delete(pid)
      return { check: { found: 'gone' }, log: before }
    }
    // While it lives: a later QEMU of the same name takes the name of the file over.
    known.log = (await logOfProcess(pid, proc, logs)) ?? known.log
    return { check: await this.#check(pid, stat, known), log: known.log }
  }

  async #recognize(domid: Domid, pid: number, { began }: ProcessStat): Promise<Known | null> {
    const known = this.#known.get(pid)
    if (known?.began === began && known.domid === domid) {
      known.lookedAt = performance.now()
      return known
    }
    if (!(await servesDomain(pid, domid, this.#options.proc))) return null
    const found: Known = {
      began,
      domid,
      lookedAt: performance.now(),
      log: null,
      sleeps: 0,
      answer: null,
      answeredAt: 0,
    }
    this.#known.set(pid, found)
    return found
  }

  async #check(pid: number, { state }: ProcessStat, known: Known): Promise<QemuAsked> {
    if (state === 'T' || state === 't')
      return { found: 'silent', why: 'its process is stopped (SIGSTOP, or a debugger)' }
    const { proc, askMs, socketOf } = this.#options
    const sleeps = await mainThreadSleeps(pid, proc)
    const works = sleeps - known.sleeps > SLEEPS_OF_A_LIVING_LOOP
    known.sleeps = sleeps
    if (works && known.answer?.found === 'well' && performance.now() - known.answeredAt < askMs) return known.answer
    known.answer = await this.#ask(pid, sleeps, socketOf(known.domid))
    known.answeredAt = performance.now()
    return known.answer
  }

  async #ask(pid: number, sleepsBefore: number, socket: string): Promise<QemuAsked> {
    const answer = await askQemu(socket, this.#options)
    if (answer.found === 'well') return answer
    // One that still goes round its main loop is busy with another client.
    const turns = (await mainThreadSleeps(pid, this.#options.proc)) - sleepsBefore
    return turns > SLEEPS_OF_A_LIVING_LOOP ? { found: 'well', status: null, cdroms: [] } : answer
  }

  #forgetOld(): void {
    const now = performance.now()
    for (const [pid, { lookedAt }] of this.#known) if (now - lookedAt > FORGET_AFTER) this.#known.delete(pid)
  }
}
