import type { Logger } from 'pino'
import type { DaemonConfig } from '../../config/daemon-config.ts'
import type { EventBus } from '../events.ts'
import type { Domain, Host } from '../host.ts'
import type { PreparedDomains } from '../prepared/prepared-domains.ts'
import type { Queues } from '../queues.ts'
import type { SavedGuests } from '../saved/saved-guests.ts'
import type { TaskBoard } from '../tasks.ts'
import type { DefinitionStore } from './definition-store.ts'
import type { ModeMemory } from './mode-memory.ts'
import type { Registry } from './registry.ts'
import type { Reservations } from './reservations.ts'
import type { RunRecords } from './run-record.ts'
import type { Domid } from '../../words/ids.ts'

/** What everything that works on guests shares; put together once, in daemon.ts. */
export interface Context extends Common {
  readonly definitions: DefinitionStore
  readonly prepared: PreparedDomains
}

/** All of it but what works with it. */
export interface Common {
  readonly host: Host
  readonly config: DaemonConfig
  readonly registry: Registry
  readonly records: RunRecords
  readonly saved: SavedGuests
  readonly memory: ModeMemory
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
  /** Aborted when the daemon stops: what is cut off then is taken up by the next one. */
  readonly stopping: AbortSignal
  /** Memory that is promised to guests under construction. */
  readonly reservations: Reservations
}

export const domainOf = (host: Host, domid: Domid | undefined): Domain | null =>
  domid === undefined ? null : host.domain(domid)
