import type { DaemonConfig } from '../../config/daemon-config.ts'
import type { LibxlOp, LibxlRequestOf, LibxlResultOf } from '../../libxl/requests.ts'
import type { LibxlPool } from '../../libxl/worker-pool.ts'
import type { Domid } from '../../words/ids.ts'
import type { Host, Operation } from '../host.ts'

export type LibxlDeadlines = Pick<DaemonConfig['libxl'], 'createDeadlineMs' | 'destroyDeadlineMs' | 'otherDeadlineMs'>

type LibxlOperations = Pick<
  Host,
  'neededMemoryMiB' | 'build' | 'destroy' | 'pause' | 'unpause' | 'shutdown' | 'reboot' | 'workers'
>

/** What a worker of libxl does for the host, each with its deadline and with libxl's words in the task's log. */
export function libxlOperations(pool: LibxlPool, deadlines: LibxlDeadlines): LibxlOperations {
  const { otherDeadlineMs, createDeadlineMs, destroyDeadlineMs } = deadlines
  const run = <Op extends LibxlOp>(
    request: LibxlRequestOf<Op>,
    { signal, log }: Operation,
    deadlineMs = otherDeadlineMs,
  ): Promise<LibxlResultOf<Op>> =>
    pool.run<Op>(request, {
      signal,
      deadlineMs,
      // libxl's own account of every step is for its developers; an error brings its last lines with it.
      onLog: ({ level, text }) => {
        if (level !== 'debug') log(text)
      },
    })
  const simply =
    (op: 'pause' | 'unpause' | 'destroy', deadlineMs?: number) => async (domid: Domid, operation: Operation) => {
      await run({ op, domid }, operation, deadlineMs)
    }
  const ask = (op: 'shutdown' | 'reboot') => async (domid: Domid, operation: Operation) =>
    (await run({ op, domid, fallback: 'acpi' }, operation)).by

  return {
    async neededMemoryMiB(config, operation) {
      const { memoryKiB } = await run({ op: 'need-memory', config }, operation)
      return Math.ceil(memoryKiB / 1024)
    },
    build: async (config, operation) => (await run({ op: 'create', config }, operation, createDeadlineMs)).domid,
    destroy: simply('destroy', destroyDeadlineMs),
    pause: simply('pause'),
    unpause: simply('unpause'),
    shutdown: ask('shutdown'),
    reboot: ask('reboot'),
    workers: () => pool.workers().map(({ pid, op }) => ({ pid, busyWith: op })),
  }
}
