import type { DaemonConfig } from '../../config/daemon-config.ts'
import type { JsonObject, LibxlOp, LibxlRequestOf, LibxlResultOf, Trigger } from '../../libxl/requests.ts'
import type { LibxlPool } from '../../libxl/worker-pool.ts'
import type { Domid } from '../../words/ids.ts'
import type { Host, Operation, Preserved } from '../host.ts'
import { rememberMemory } from './needed-memory.ts'

export type LibxlDeadlines = Pick<DaemonConfig['libxl'], 'createDeadlineMs' | 'destroyDeadlineMs' | 'otherDeadlineMs'>

type LibxlOperations = Pick<
  Host,
  | 'neededMemoryMiB'
  | 'build'
  | 'equip'
  | 'destroy'
  | 'pause'
  | 'unpause'
  | 'save'
  | 'resume'
  | 'restore'
  | 'configuration'
  | 'dumpCore'
  | 'softReset'
  | 'workers'
> & {
  /** Presses one of the buttons of an HVM domain. */
  trigger(domid: Domid, trigger: Trigger, operation: Operation): Promise<void>
  preserveDomain(domid: Domid, as: Preserved, operation: Operation): Promise<void>
  removeDevice(domid: Domid, device: RemovableDevice, operation: Operation): Promise<void>
}

export interface RemovableDevice {
  readonly kind: 'disk' | 'nic'
  readonly config: JsonObject
}

/** What a worker of libxl does for the host, each with its deadline and with libxl's words in the task's log. */
export function libxlOperations(pool: LibxlPool, deadlines: LibxlDeadlines): LibxlOperations {
  const { createDeadlineMs, destroyDeadlineMs } = deadlines
  const run = runner(pool, deadlines.otherDeadlineMs)
  const simply =
    (op: 'pause' | 'unpause' | 'resume' | 'destroy', deadlineMs?: number) =>
    async (domid: Domid, operation: Operation) => {
      await run({ op, domid }, operation, deadlineMs)
    }
  return {
    ...makingOperations(run, createDeadlineMs),
    neededMemoryMiB: rememberMemory(async (config, operation) => {
      const { memoryKiB } = await run({ op: 'need-memory', config }, operation)
      return Math.ceil(memoryKiB / 1024)
    }),
    destroy: simply('destroy', destroyDeadlineMs),
    pause: simply('pause'),
    unpause: simply('unpause'),
    resume: simply('resume'),
    async trigger(domid, trigger, operation) {
      await run({ op: 'send-trigger', domid, trigger }, operation)
    },
    configuration: async (domid, operation) => (await run({ op: 'retrieve-configuration', domid }, operation)).config,
    async dumpCore(domid, file, operation) {
      await run({ op: 'core-dump', domid, file }, operation, createDeadlineMs)
    },
    async preserveDomain(domid, as, operation) {
      await run({ op: 'preserve', domid, ...as }, operation)
    },
    async softReset(domid, config, operation) {
      await run({ op: 'soft-reset', domid, config }, operation, createDeadlineMs)
      await run({ op: 'unpause', domid }, operation)
    },
    async removeDevice(domid, { kind, config }, operation) {
      const how = 'force'
      await run(
        kind === 'disk'
          ? { op: 'disk-remove', domid, disk: config, how }
          : { op: 'nic-remove', domid, nic: config, how },
        operation,
      )
    },
    workers: () => pool.workers().map(({ pid, op }) => ({ pid, busyWith: op })),
  }
}

/** What makes a domain, and what takes its memory for another one. */
function makingOperations(
  run: ReturnType<typeof runner>,
  deadlineMs: number,
): Pick<LibxlOperations, 'build' | 'equip' | 'save' | 'restore'> {
  return {
    build: async (config, operation) => (await run({ op: 'create', config }, operation, deadlineMs)).domid,
    async equip(domid, { from, config }, operation) {
      const { name } = config['c_info'] as { readonly name: string }
      await run({ op: 'rename', domid, from, to: name }, operation)
      for (const disk of devicesIn(config, 'disks')) {
        await run({ op: 'disk-add', domid, disk }, operation)
      }
      for (const nic of devicesIn(config, 'nics')) await run({ op: 'nic-add', domid, nic }, operation)
    },
    async save(domid, file, operation) {
      await run({ op: 'save', domid, file }, operation, deadlineMs)
    },
    restore: async (config, file, operation) =>
      (await run({ op: 'restore', config, file }, operation, deadlineMs)).domid,
  }
}

const devicesIn = (config: JsonObject, kind: 'disks' | 'nics'): readonly JsonObject[] =>
  (config[kind] ?? []) as readonly JsonObject[]

/** Runs a request, with libxl's words in the task's log. */
const runner =
  (pool: LibxlPool, usualDeadlineMs: number) =>
  <Op extends LibxlOp>(
    request: LibxlRequestOf<Op>,
    { signal, log }: Operation,
    deadlineMs = usualDeadlineMs,
  ): Promise<LibxlResultOf<Op>> =>
    pool.run<Op>(request, {
      signal,
      deadlineMs,
      // libxl's own account of every step is for its developers; an error brings its last lines with it.
      onLog: ({ level, text }) => {
        if (level !== 'debug') log(text)
      },
    })
