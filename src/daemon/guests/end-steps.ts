/** How a guest's domain ends: asked or by force, by the user's word or by the guest's own, and what follows. */
import type { EndReason } from '../../api/guest.ts'
import type { GuestSpec, ShutdownAction } from '../../config/guest-spec.ts'
import { fail } from '../../words/errors.ts'
import type { Domain, Operation } from '../host.ts'
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

/** What follows when a guest shut itself down, by its on_* keys. */
export interface Sequel {
  readonly then: 'destroy' | 'restart' | 'keep'
  /** What a user should know about it. */
  readonly note: string | null
}

const sequels: Readonly<Record<ShutdownAction, Sequel>> = {
  destroy: { then: 'destroy', note: null },
  restart: { then: 'restart', note: null },
  preserve: { then: 'keep', note: null },
  'rename-restart': { then: 'restart', note: 'rename-restart is treated as restart: the old domain is not kept' },
  'coredump-destroy': { then: 'destroy', note: 'coredump-destroy is treated as destroy: no core dump is written' },
  'coredump-restart': { then: 'restart', note: 'coredump-restart is treated as restart: no core dump is written' },
  'soft-reset': { then: 'restart', note: 'soft-reset is treated as restart: the guest starts afresh' },
}

const actionFor: Readonly<Record<EndReason, (spec: GuestSpec) => ShutdownAction>> = {
  poweroff: (spec) => spec.onPoweroff,
  reboot: (spec) => spec.onReboot,
  crash: (spec) => spec.onCrash,
  watchdog: (spec) => spec.onWatchdog,
  'soft-reset': (spec) => spec.onSoftReset,
  // A domain that was suspended was saved by someone, who takes care of it.
  suspend: () => 'preserve',
  destroyed: () => 'destroy',
}

/** What the definition wants done after this end; domains of others are left to their toolstack. */
export const sequelOf = ({ managed, definition }: GuestEntry, reason: EndReason): Sequel =>
  managed && definition !== null ? sequels[actionFor[reason](definition.spec)] : sequels.preserve

/** Asks the guest, then waits until it has shut down or the time is over. */
export function stepsToAsk(ending: Ending, ask: 'shutdown' | 'reboot', timeoutMs: number): readonly Step[] {
  const { context, entry } = ending
  return [
    {
      name: 'ask the guest',
      async run(operation) {
        const by = await context.host[ask](domainToEnd(ending).domid, operation)
        operation.log(
          by === 'acpi' ? 'asked through its ACPI power button: no PV driver answers' : 'asked its PV driver',
        )
      },
    },
    {
      name: ask === 'shutdown' ? 'wait for it to stop' : 'wait for it to go down',
      async run({ signal }) {
        const { domid } = domainToEnd(ending)
        const ended = (domain: Domain | null) =>
          domain === null || domain.state === 'shutdown' || domain.state === 'dying'
        if (await whenDomain(context.host, domid, ended, { timeoutMs, signal })) return
        throw fail('deadline', {
          what: `"${entry.name}" was asked to ${ask} and did not within ${Math.round(timeoutMs / 1000)} s`,
          why: 'its system may be busy, stuck, or without a driver that listens to Xen',
          fix: `wait longer (shutdown_timeout in its definition), or: tetrarch destroy ${entry.name}`,
          evidence: entry.run?.console?.tail(5) ?? [],
        })
      },
    },
  ]
}

/** Takes the domain away and forgets the run. */
export function stepsToDestroy(ending: Ending, reason: EndReason | 'as-it-ended'): readonly Step[] {
  const { context, observer, entry } = ending
  return [
    {
      name: 'destroy the domain',
      async run(operation) {
        const domain = domainOf(context.host, entry.run?.domid)
        const why = reason === 'as-it-ended' ? (domain?.shutdown ?? 'destroyed') : reason
        entry.lastEnd = { reason: why, at: new Date().toISOString() }
        if (domain !== null) await takeAway(ending, domain, operation)
      },
    },
    {
      name: 'forget the run',
      async run() {
        await observer.detach(entry)
        if (entry.managed) await context.records.remove(entry.uuid)
      },
    },
  ]
}

async function takeAway({ context, entry }: Ending, domain: Domain, operation: Operation): Promise<void> {
  const { host, config } = context
  await host.destroy(domain.domid, operation)
  const timeoutMs = config.libxl.domidGoneMs
  const gone = await whenDomain(host, domain.domid, (found) => found === null, { timeoutMs, signal: operation.signal })
  if (gone) return
  throw fail('deadline', {
    what: `domain ${domain.domid} of "${entry.name}" was destroyed but Xen still lists it after ${timeoutMs / 1000} s`,
    why: 'something in dom0 still holds its memory, often a hung QEMU or backend',
    fix: 'look for it with: tetrarch info, xl list, xenstore-ls',
  })
}

function domainToEnd({ context, entry }: Ending): Domain {
  const domain = domainOf(context.host, entry.run?.domid)
  if (domain === null) throw fail('wrong-state', { what: `"${entry.name}" is not running`, fix: 'see: tetrarch list' })
  return domain
}
