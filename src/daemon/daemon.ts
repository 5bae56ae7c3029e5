/** Puts the daemon together around a host: the one place where everything meets. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { DaemonConfig } from '../config/daemon-config.ts'
import { EventBus } from './events.ts'
import type { Common, Context } from './guests/context.ts'
import { DefinitionStore } from './guests/definition-store.ts'
import { GuestService } from './guests/guest-service.ts'
import { ModeMemory } from './guests/mode-memory.ts'
import { Registry } from './guests/registry.ts'
import { Reservations } from './guests/reservations.ts'
import { RunRecords } from './guests/run-record.ts'
import { Hooks } from './hooks.ts'
import type { Host } from './host.ts'
import type { AuditLog } from './http/audit.ts'
import type { ListenTarget } from './http/listen.ts'
import { type HttpServer, createHttpServer } from './http/server.ts'
import { PreparedDomains } from './prepared/prepared-domains.ts'
import { Queues } from './queues.ts'
import { SavedGuests } from './saved/saved-guests.ts'
import { TaskBoard } from './tasks.ts'

export interface DaemonOptions {
  readonly config: DaemonConfig
  readonly host: Host
  readonly version: string
  readonly log: Logger
  /** Where requests that change something are written down; left out, the log. */
  readonly audit?: AuditLog
  readonly listen: { readonly full: ListenTarget; readonly readOnly: ListenTarget }
}

export interface Daemon {
  readonly guests: GuestService
  readonly tasks: TaskBoard
  readonly events: EventBus
  /** Stops answering; guests run on. */
  stop(): Promise<void>
}

/** Starts answering once everything that runs is known, so that the first answer is true. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { config, host, version, log, listen } = options
  const { audit = (entry, message) => log.info({ audit: true, ...entry }, message) } = options
  const bus = new EventBus(config.events)
  const stopping = new AbortController()
  const common: Common = {
    host,
    config,
    log,
    bus,
    version,
    registry: new Registry(),
    records: new RunRecords(join(config.paths.state, 'domains')),
    saved: new SavedGuests(config.paths.saved),
    memory: new ModeMemory(join(config.paths.state, 'modes')),
    tasks: new TaskBoard(bus, config.tasks),
    queues: new Queues(),
    bootId: await readLine('/proc/sys/kernel/random/boot_id'),
    machineId: await readLine('/etc/machine-id').catch(() => ''),
    startedAt: new Date().toISOString(),
    stopping: stopping.signal,
    reservations: new Reservations(),
  }
  const context: Context = {
    ...common,
    definitions: new DefinitionStore(common),
    prepared: new PreparedDomains(common, join(config.paths.state, 'prepared')),
  }
  const guests = new GuestService(context)
  const hooks = new Hooks({ folder: config.paths.hooks, bus, log, ...config.events })
  await hooks.begin()
  await guests.begin()
  const server: HttpServer = createHttpServer({ guests, tasks: context.tasks, events: bus, config, log, audit })
  await server.listen('full', listen.full)
  await server.listen('read', listen.readOnly)
  return {
    guests,
    tasks: context.tasks,
    events: bus,
    async stop() {
      stopping.abort()
      for (const task of context.tasks.list()) context.tasks.cancel(task.id)
      await Promise.all([server.close(), context.queues.drained()])
      await hooks[Symbol.asyncDispose]()
      await guests.end()
      await host.close()
    },
  }
}

const readLine = async (file: string): Promise<string> => (await readFile(file, 'utf8')).trim()
