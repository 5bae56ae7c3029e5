import type { Logger } from 'pino'
import type { DaemonConfig } from '../../config/daemon-config.ts'
import type { EventBus } from '../events.ts'
import type { Domain, Host } from '../host.ts'
import type { Queues } from '../queues.ts'
import type { TaskBoard } from '../tasks.ts'
import type { Registry } from './registry.ts'
import type { RunRecords } from './run-record.ts'
import type { Domid } from '../../words/ids.ts'

/** What everything that works on guests shares; put together once, in main.ts. */
export interface Context {
  readonly host: Host
  readonly config: DaemonConfig
  readonly registry: Registry
  readonly records: RunRecords
  readonly tasks: TaskBoard
  readonly queues: Queues
  readonly bus: EventBus
  readonly log: Logger
  /** /proc/sys/kernel/random/boot_id: run records of another boot describe domains that are gone. */
  readonly bootId: string
  /** /etc/machine-id, from which guests without a uuid get theirs. */
  readonly machineId: string
  readonly version: string
  readonly startedAt: string
}

export const domainOf = (host: Host, domid: Domid | undefined): Domain | null =>
  host.domains().find((domain) => domain.domid === domid) ?? null
