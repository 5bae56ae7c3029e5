/** The process tetrarchd: reads its command line and configuration, opens the host, answers until it is told to stop. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Logger, pino } from 'pino'
import { DaemonConfig } from '../config/daemon-config.ts'
import { loadDaemonConfig } from '../config/load-daemon-config.ts'
import { openSdNotify } from '../libxl/sd-notify.ts'
import { renderError } from '../words/render-error.ts'
import { asTetrarchError, errorTable } from '../words/errors.ts'
import { version } from '../words/version.ts'
import { type CommandLine, USAGE, readCommandLine } from './command-line.ts'
import { type Daemon, type DaemonOptions, startDaemon } from './daemon.ts'
import { openXenHost, simulationConfig } from './open-host.ts'
import { type SystemdSockets, createServiceNotifier, takeSystemdSockets } from './systemd.ts'

async function main(): Promise<void> {
  const commandLine = readCommandLine(process.argv.slice(2))
  if (commandLine.show !== null) return void process.stdout.write(commandLine.show === 'help' ? USAGE : `${version}\n`)
  await serve(commandLine)
}

async function serve({ config: file, simulateIn }: CommandLine): Promise<void> {
  const config = simulateIn === null ? await readConfig(file) : await simulationConfig(simulateIn)
  const log = pino({ level: config.log.level, base: null })
  const notifier = createServiceNotifier(process.env['NOTIFY_SOCKET'] === undefined ? () => undefined : openSdNotify())
  const sockets = takeSystemdSockets()
  const host = simulateIn === null ? await openXenHost(config) : await openSimulation(config)
  const daemon = await startDaemon({ config, host, version, log, listen: listenTargets(config, sockets) })
  const guests = daemon.guests.list()
  notifier.ready(`${guests.filter(({ domid }) => domid !== null).length} guests running`)
  if (simulateIn !== null) process.stdout.write(`simulating on ${join(config.paths.run, 'tetrarchd.sock')}\n`)
  const watchdog = notifier.watch(() => true)
  stopOnSignals(daemon, log, () => {
    notifier.stopping()
    watchdog[Symbol.dispose]()
  })
}

/** Without a file the defaults count. */
async function readConfig(file: string): Promise<DaemonConfig> {
  try {
    return loadDaemonConfig(await readFile(file, 'utf8'), { file })
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return DaemonConfig.parse({})
    throw thrown
  }
}

async function openSimulation(config: DaemonConfig): Promise<DaemonOptions['host']> {
  const { simulatedHost } = await import('./open-simulation.ts')
  return simulatedHost(config)
}

function listenTargets({ paths, socket }: DaemonConfig, { full, readOnly }: SystemdSockets): DaemonOptions['listen'] {
  const at = (name: string, group: string) => ({ path: join(paths.run, name), mode: parseInt(socket.mode, 8), group })
  return {
    full: full === null ? at('tetrarchd.sock', socket.group) : { fd: full },
    readOnly: readOnly === null ? at('tetrarchd-ro.sock', socket.readOnlyGroup) : { fd: readOnly },
  }
}

function stopOnSignals(daemon: Daemon, log: Logger, onStop: () => void): void {
  let stopping = false
  const stop = (signal: string) => {
    if (stopping) return
    stopping = true
    log.info({ signal }, 'stopping; guests run on')
    onStop()
    daemon.stop().then(
      () => process.exit(0),
      (thrown: unknown) => {
        log.error({ err: thrown }, 'stopping failed')
        process.exit(1)
      },
    )
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop)
}

main().catch((thrown: unknown) => {
  const error = asTetrarchError(thrown)
  process.stderr.write(`${renderError(error)}\n`)
  if (error.code === 'internal') process.stderr.write(`${thrown instanceof Error ? (thrown.stack ?? '') : ''}\n`)
  process.exit(errorTable[error.code].exit)
})
