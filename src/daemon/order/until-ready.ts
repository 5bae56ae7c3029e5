/** Waits until a guest that was started counts as ready, by its key `ready`. */
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ReadyCondition } from '../../config/ready.ts'
import type { Context } from '../guests/context.ts'
import type { GuestEntry, Run } from '../guests/guest-entry.ts'

type Look = (() => Promise<boolean>) & Partial<Disposable>

/** Null once it is ready, else why it is not. Rejects when the signal aborts. */
export async function untilReady(
  context: Context,
  entry: GuestEntry,
  condition: ReadyCondition,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<string | null> {
  const { run } = entry
  if (run === null) return 'it ended before it was ready'
  const end = Date.now() + timeoutMs
  const look = lookFor(context, entry, run, condition)
  try {
    while (entry.run === run) {
      if (await look()) return null
      if (Date.now() >= end) return `${awaited(condition)} within ${timeoutMs / 1000} s`
      await sleep(context.config.order.lookMs, undefined, { signal })
    }
    return 'it ended before it was ready'
  } finally {
    look[Symbol.dispose]?.()
  }
}

function awaited(condition: ReadyCondition): string {
  switch (condition.kind) {
    case 'devices':
      return 'its PV drivers did not connect its disks and interfaces'
    case 'tcp':
      return `nothing answered on ${condition.host}, port ${condition.port},`
    case 'console':
      return `"${condition.text}" did not appear on its console`
    case 'xenstore':
      return `it did not write ${condition.path} into xenstore`
  }
}

function lookFor({ host, config }: Context, entry: GuestEntry, run: Run, condition: ReadyCondition): Look {
  switch (condition.kind) {
    case 'devices':
      return () => Promise.resolve(areConnected(entry))
    case 'tcp':
      return () => answers(condition, config.order.connectMs)
    case 'console':
      return consoleSays(run, condition.text)
    case 'xenstore':
      return async () => ((await host.readOfGuest(run.domid, condition.path)) ?? '') !== ''
  }
}

const areConnected = ({ run }: GuestEntry): boolean =>
  run?.description?.devices
    .filter(({ kind }) => kind === 'disk' || kind === 'nic')
    .every(({ connected }) => connected) ?? false

function answers({ host, port }: { readonly host: string; readonly port: number }, timeoutMs: number) {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect({ host, port, timeout: timeoutMs })
  socket.once('connect', () => resolve(true))
  socket.once('timeout', () => resolve(false))
  socket.once('error', () => resolve(false))
  return promise.finally(() => socket.destroy())
}

/** Reads along, so that nothing is missed however much the guest says. */
function consoleSays({ console }: Run, text: string): Look {
  if (console === null) return () => Promise.resolve(false)
  const wanted = Buffer.from(text)
  const client = console.attach()
  let recent = client.history
  let said = recent.includes(wanted)
  client.onData((bytes) => {
    recent = Buffer.concat([recent, bytes])
    said ||= recent.includes(wanted)
    recent = Buffer.from(recent.subarray(Math.max(0, recent.length - wanted.length)))
  })
  return Object.assign(() => Promise.resolve(said), { [Symbol.dispose]: () => client.detach() })
}
