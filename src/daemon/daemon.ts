/** Puts the daemon together around a host: the one place where everything meets. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { DaemonConfig } from '../config/daemon-config.ts'
import { EventBus } from './events.ts'
import type { Context } from './guests/context.ts'
import { GuestService } from './guests/guest-service.ts'
import { Registry } from './guests/registry.ts'
import { RunRecords } from './guests/run-record.ts'
import type { Host } from './host.ts'
import type { ListenTarget } from './http/listen.ts'
import { type HttpServer, createHttpServer } from './http/server.ts'
import { Queues } from './queues.ts'
import { TaskBoard } from './tasks.ts'

export interface DaemonOptions {
  readonly config: DaemonConfig
  readonly host: Host
  readonly version: string
  readonly log: Logger
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
export async function startDaemon({ config, host, version, log, listen }: DaemonOptions): Promise<Daemon> {
  const bus = new EventBus(config.events)
  const context: Context = {
    host,
    config,
    log,
    bus,
    version,
    registry: new Registry(),
    records: new RunRecords(join(config.paths.state, 'domains')),
    tasks: new TaskBoard(bus, config.tasks),
    queues: new Queues(),
    bootId: await readLine('/proc/sys/kernel/random/boot_id'),
    machineId: await readLine('/etc/machine-id').catch(() => ''),
    startedAt: new Date().toISOString(),
  }
  const guests = new GuestService(context)
  await guests.begin()
  const server: HttpServer = createHttpServer({ guests, tasks: context.tasks, events: bus, config, log })
  await server.listen('full', listen.full)
  await server.listen('read', listen.readOnly)
  return {
    guests,
    tasks: context.tasks,
    events: bus,
    async stop() {
      for (const task of context.tasks.list()) context.tasks.cancel(task.id)
      await Promise.all([server.close(), context.queues.drained()])
      await guests.end()
      await host.close()
    },
  }
}

const readLine = async (file: string): Promise<string> => (await readFile(file, 'utf8')).trim()
