/** Waits until a guest has come up: its PV devices are connected, it says what was expected, and it does not end. */
import type { Domain, DomainDescription } from '../../host.ts'
import { asTetrarchError, fail } from '../../../words/errors.ts'
import type { Step } from '../../steps.ts'
import { Changes } from '../../changes.ts'
import { type Context, domainOf } from '../context.ts'
import type { GuestEntry, Run } from '../guest-entry.ts'
import { whenDomain } from '../when-domain.ts'

export interface Proof {
  /** A text on its console; null when it must run on for a while instead. */
  readonly ready: string | null
  readonly timeoutMs: number
  /** Whether its disks and nics must be connected to PV drivers. */
  readonly devices: 'connected' | 'any'
}

/** How many of the console's last lines an error shows. */
const LAST_LINES = 20

export const comesUp = (context: Context, entry: GuestEntry, proof: Proof): Step => ({
  name: 'wait until it has come up',
  async run({ signal, log }) {
    const { run } = entry
    if (run === null) throw new Error('the domain was not built')
    const begun = Date.now()
    await watchFor(context, entry, run, proof, signal)
    log(`it came up in ${((Date.now() - begun) / 1000).toFixed(1)} s: ${seen(proof, run)}`)
  },
})

const seen = ({ ready, devices }: Proof, { observation }: Run): string =>
  [
    ...(devices === 'connected' ? observation.evidence : []),
    ...(ready === null ? [] : [`its console says "${ready}"`]),
  ].join('; ')

async function watchFor(
  context: Context,
  entry: GuestEntry,
  run: Run,
  proof: Proof,
  signal: AbortSignal,
): Promise<void> {
  const { host, config } = context
  const changes = new Changes()
  const wake = () => changes.happened()
  const client = run.console?.attach()
  const timeout = AbortSignal.timeout(proof.timeoutMs)
  const either = AbortSignal.any([signal, timeout])
  client?.onData(wake)
  await using open = new AsyncDisposableStack()
  open.use(host.onDomainsChanged(wake))
  open.use(await host.watchDescription(run.domid, wake))
  open.defer(() => client?.detach())
  for (;;) {
    // Armed before the look, so that nothing is missed in between.
    const next = changes.next(either)
    await mustLive(context, entry, run)
    const missing = await missingOf(context, entry, run, proof)
    if (missing.length === 0) break
    signal.throwIfAborted()
    if (timeout.aborted) throw notUp(entry, run, proof, missing)
    await next
  }
  if (proof.ready !== null) return
  const limits = { timeoutMs: config.conversion.settleMs, signal }
  await whenDomain(host, run.domid, (domain) => domain === null || domain.shutdown !== null, limits)
  await mustLive(context, entry, run)
}

async function mustLive({ host, config }: Context, { name }: GuestEntry, run: Run): Promise<void> {
  const domain = domainOf(host, run.domid)
  if (domain !== null && domain.shutdown === null && domain.state !== 'dying') return
  await run.console?.quiet(config.console.lastWordsMs)
  throw fail('guest-died', {
    what: `"${name}" ended before it had come up`,
    why: endText(domain?.shutdown ?? null),
    evidence: lastLines(run),
  })
}

const endText = (reason: Domain['shutdown']): string =>
  reason === null ? 'its domain is gone' : `it ended by ${reason}`

/** What is still to be waited for, in words. */
async function missingOf(
  { host }: Context,
  entry: GuestEntry,
  run: Run,
  { ready, devices }: Proof,
): Promise<readonly string[]> {
  const description = await host.describe(run.domid).catch((thrown: unknown) => {
    if (asTetrarchError(thrown).code !== 'not-found') throw thrown
    return null
  })
  const missing = devices === 'any' ? [] : unconnected(entry, description)
  return ready === null || hasSaid(run, ready) ? missing : [...missing, `its console has not said "${ready}"`]
}

function hasSaid({ console }: Run, text: string): boolean {
  const client = console?.attach()
  client?.detach()
  return client?.history.includes(text) === true
}

function unconnected({ definition }: GuestEntry, description: DomainDescription | null): readonly string[] {
  if (description === null) return ['xenstore does not describe it']
  const drives = definition?.spec.disks.filter(({ cdrom }) => cdrom).map(({ vdev }) => vdev) ?? []
  return description.devices
    .filter(({ kind, name, connected }) => (kind === 'disk' || kind === 'nic') && !connected && !drives.includes(name))
    .map(({ name }) => `${name} is not connected to a PV driver`)
}

const notUp = ({ name }: GuestEntry, run: Run, { timeoutMs }: Proof, missing: readonly string[]) =>
  fail('deadline', {
    what: `"${name}" did not come up within ${timeoutMs / 1000} s`,
    why: missing.join('; '),
    evidence: lastLines(run),
  })

const lastLines = (run: Run): readonly string[] => {
  const lines = run.console?.lastWords(LAST_LINES) ?? []
  return lines.length === 0 ? ['its console said nothing'] : lines.map((line) => `console: ${line}`)
}
