/** A whole daemon on a simulated host, in a folder of its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { z } from 'zod'
import { DaemonConfig } from '../../../src/config/daemon-config.ts'
import type { Event } from '../../../src/api/event.ts'
import type { Task } from '../../../src/api/task.ts'
import { openGuestConsole } from '../../../src/daemon/consoles/guest-console.ts'
import { type Daemon, startDaemon } from '../../../src/daemon/daemon.ts'
import type { SimulatedOptions } from '../../../src/daemon/simulated/settings.ts'
import { SimulatedHost } from '../../../src/daemon/simulated-host.ts'

export interface DaemonUnderTest {
  readonly host: SimulatedHost
  readonly config: DaemonConfig
  /** The daemon that answers now. */
  daemon: Daemon
  /** Everything that happened since the last start. */
  events(): Promise<readonly Event[]>
  /** Writes NAME.cfg into the guests folder. */
  define(name: string, text: string): Promise<void>
  /** Runs the definition and waits for the task's end. */
  create(text: string): Promise<Task>
  act(verb: Parameters<Daemon['guests']['act']>[0], ref: string): Promise<Task>
  finished(task: Task): Promise<Task>
  /** Resolves when the task has come to this stage. */
  reaches(task: Task, stage: string): Promise<void>
  /** A new daemon on the same host and files, while the old one is forgotten as if it had been killed. */
  startAnew(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const LONG_ENOUGH_MS = 10_000

/** `settings` are tables of the daemon's configuration. */
export async function daemonUnderTest(
  options: SimulatedOptions = {},
  settings: Partial<z.input<typeof DaemonConfig>> = {},
): Promise<DaemonUnderTest> {
  const root = await mkdtemp(join(tmpdir(), 'tetrarch-test-'))
  const below = (name: string) => join(root, name)
  const config = DaemonConfig.parse({
    paths: {
      guests: below('guests'),
      hooks: below('hooks.d'),
      state: below('state'),
      cache: below('cache'),
      run: root,
      consoleLogs: below('consoles'),
      dumps: below('dumps'),
      saved: below('saved'),
    },
    guests: { shutdownMs: 300, restartPauseMs: 5, keptDomains: 1 },
    ...settings,
  })
  const host = new SimulatedHost(
    (tty, name) => openGuestConsole(tty, name, { directory: config.paths.consoleLogs, ...config.console }),
    options,
  )
  const started: Daemon[] = []
  const start = async () => {
    const starts = started.length
    const at = (name: string) => ({ path: below(`${name}-${starts}.sock`), mode: 0o600, group: 'root' })
    const listen = { full: at('full'), readOnly: at('read-only') }
    const daemon = await startDaemon({ config, host, version: '0.0.0', log: pino({ level: 'silent' }), listen })
    started.push(daemon)
    return daemon
  }
  const under: DaemonUnderTest = {
    host,
    config,
    daemon: await start(),
    async events() {
      const stop = new AbortController()
      const seen: Event[] = []
      for await (const event of under.daemon.events.since(0, stop.signal)) {
        seen.push(event)
        if (event.seq === under.daemon.events.newest) break
      }
      return seen
    },
    define: (name, text) => writeFile(join(config.paths.guests, `${name}.cfg`), text),
    create: (text) =>
      under.finished(
        under.daemon.guests.create({ definition: { file: '/tmp/test.cfg', text }, paused: false }, 'test'),
      ),
    act: (verb, ref) => under.finished(under.daemon.guests.act(verb, ref, 'test')),
    finished: ({ id }) => under.daemon.tasks.wait(id, LONG_ENOUGH_MS),
    async reaches({ id }, stage) {
      for await (const task of under.daemon.tasks.updates(id, AbortSignal.timeout(LONG_ENOUGH_MS)))
        if (task.stage === stage) return
      throw new Error(`the task ended before "${stage}"`)
    },
    async startAnew() {
      under.daemon = await start()
    },
    async [Symbol.asyncDispose]() {
      // Those that were forgotten still follow the host and write into the folder.
      for (const daemon of started) await daemon.stop()
      await rm(root, { recursive: true, force: true })
    },
  }
  return under
}
