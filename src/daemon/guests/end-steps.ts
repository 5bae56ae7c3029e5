/** How a guest's domain ends: asked or by force, by the user's word or by the guest's own, and what follows. */
import type { EndReason } from '../../api/guest.ts'
import { asTetrarchError, fail } from '../../words/errors.ts'
import type { AskedBy, Domain, Operation } from '../host.ts'
import type { Step } from '../steps.ts'
import { type Context, domainOf } from './context.ts'
import type { GuestEntry } from './guest-entry.ts'
import type { Observer } from './observer.ts'
import { whenDomain } from './when-domain.ts'

export interface Ending {
  readonly context: Context
  readonly observer: Observer
  readonly entry: GuestEntry
}

const askedBy: Readonly<Record<AskedBy, string>> = {
  'pv-control': 'its PV driver took the request',
  acpi: 'its ACPI power button was pressed: no PV driver answers',
  nobody: 'no PV driver has taken the request yet, and it has no ACPI power button',
}

/** What a PV driver may take of the time to shut down, so that the ACPI button leaves enough of it. */
const NOTICE_SHARE = 1 / 4

/** Asks the guest, then waits until it has shut down or the time is over, which begins with the asking. */
export function stepsToAsk(ending: Ending, ask: 'shutdown' | 'reboot', timeoutMs: number): readonly Step[] {
  const { context, entry } = ending
  const { host, config } = context
  const noticeMs = Math.min(config.guests.noticeMs, timeoutMs * NOTICE_SHARE)
  let end = 0
  let asked: AskedBy = 'nobody'
  return [
    {
      name: 'ask the guest',
      async run(operation) {
        end = performance.now() + timeoutMs
        asked = await host[ask](domainToEnd(ending).domid, noticeMs, operation)
        operation.log(askedBy[asked])
      },
      async undo() {
        const domain = domainOf(host, entry.run?.domid)
        if (domain !== null && domain.shutdown === null) await host.withdraw(domain.domid)
      },
    },
    {
      name: ask === 'shutdown' ? 'wait for it to stop' : 'wait for it to go down',
      async run({ signal }) {
        const { domid } = domainToEnd(ending)
        const ended = (domain: Domain | null) =>
          domain === null || domain.state === 'shutdown' || domain.state === 'dying'
        const left = Math.max(0, end - performance.now())
        if (await whenDomain(host, domid, ended, { timeoutMs: left, signal })) return
        throw notEnded(entry, ask, asked, timeoutMs)
      },
    },
  ]
}

const whyNotEnded: Readonly<Record<AskedBy, string>> = {
  'pv-control': 'its system took the request and has not finished; it may be busy or stuck',
  acpi: 'its ACPI power button was pressed; its system may be stuck, or ignore the button',
  nobody: 'nothing in it listens to Xen: its kernel has no driver for control/shutdown, or has not come so far',
}

const notEnded = ({ name, run }: GuestEntry, ask: 'shutdown' | 'reboot', asked: AskedBy, timeoutMs: number) =>
  fail('deadline', {
    what: `"${name}" was asked to ${ask} and did not within ${Math.round(timeoutMs / 1000)} s`,
    why: whyNotEnded[asked],
    fix: `${asked === 'nobody' ? 'shut it down from within' : 'wait longer (shutdown_timeout in its definition)'}, or: tetrarch destroy ${name}`,
    evidence: run?.console?.tail(5) ?? [],
  })

/** Takes the domain away. What is known of the run is kept for a restart, or forgotten. */
export function stepsToDestroy(ending: Ending, reason: EndReason, record: 'forget' | 'keep'): readonly Step[] {
  return [
    {
      name: 'destroy the domain',
      async run(operation) {
        const domain = domainOf(ending.context.host, ending.entry.run?.domid)
        noteEnd(ending, reason)
        if (domain === null) return
        await noteEnding(ending)
        // Half a destroy would be worse than a whole one: only the end of the daemon stops it, and the next one goes on.
        await takeAway(ending, domain, { ...operation, signal: ending.context.stopping })
      },
    },
    forgetRun(ending, record),
  ]
}

export const forgetRun = ({ context, observer, entry }: Ending, record: 'forget' | 'keep'): Step => ({
  name: 'forget the run',
  async run() {
    await observer.detach(entry)
    if (entry.managed && record === 'forget') await context.records.remove(entry.uuid)
  },
})

/** So that a destroy which is cut off is finished by the next daemon. On a full disk it goes on without. */
async function noteEnding({ context, entry }: Ending): Promise<void> {
  if (!entry.managed) return
  try {
    await context.records.changeFrom('running', entry.uuid, { phase: 'ending' })
  } catch (thrown) {
    context.log.warn({ guest: entry.name }, asTetrarchError(thrown).message)
  }
}

/** How many of the console's last lines are kept when its guest is gone. */
const LAST_WORDS = 20

export function noteEnd({ entry }: Ending, reason: EndReason): void {
  entry.lastEnd = { reason, at: new Date().toISOString() }
  entry.lastWords = entry.run?.console?.lastWords(LAST_WORDS) ?? []
}

/** How long a QEMU that libxl asked to end may take. */
const QEMU_ENDS_MS = 10_000

async function takeAway(ending: Ending, domain: Domain, operation: Operation): Promise<void> {
  const { host, config } = ending.context
  const model = ending.entry.run?.deviceModel ?? null
  if (model?.health === 'hung') await host.endDeviceModel(domain.domid, model.pid)
  const pid = ending.entry.run?.description?.deviceModelPid ?? null
  await destroyOnce(ending, domain, operation)
  const timeoutMs = config.libxl.domidGoneMs
  const isGone = (afterMs: number) =>
    whenDomain(host, domain.domid, (found) => found === null, { timeoutMs: afterMs, signal: operation.signal })
  // libxl only asks QEMU to end. One that does not hear holds the memory of the dead domain.
  const askedMs = Math.min(QEMU_ENDS_MS, timeoutMs)
  if (await isGone(askedMs)) return
  if (pid !== null) await host.endDeviceModel(domain.domid, pid)
  if (await isGone(timeoutMs)) return
  throw fail('deadline', {
    what: `domain ${domain.domid} of "${ending.entry.name}" was destroyed but Xen still lists it after ${timeoutMs / 1000} s`,
    why: 'something in dom0 still holds its memory, often a hung QEMU or backend',
    fix: 'look for it with: tetrarch info, xl list, xenstore-ls',
  })
}

/** A worker that dies in the middle leaves half a domain, of which nothing can be used: what is left is swept. */
async function destroyOnce({ context, entry }: Ending, { domid, uuid }: Domain, operation: Operation): Promise<void> {
  const { host } = context
  try {
    await host.destroy(domid, operation)
  } catch (thrown) {
    const error = asTetrarchError(thrown)
    const spec = entry.definition?.spec
    if (error.code !== 'worker-died' || !entry.managed || spec === undefined) throw thrown
    operation.log(`${error.message}; what is left is removed`)
    await host.sweep(uuid, spec, operation)
  }
}

export function domainToEnd({ context, entry }: Ending): Domain {
  const domain = domainOf(context.host, entry.run?.domid)
  if (domain === null) throw fail('wrong-state', { what: `"${entry.name}" is not running`, fix: 'see: tetrarch list' })
  return domain
}
