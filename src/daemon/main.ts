/** The process tetrarchd: reads its command line and configuration, opens the host, answers until it is told to stop. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Logger, pino } from 'pino'
import { DaemonConfig } from '../config/daemon-config.ts'
import { loadDaemonConfig } from '../config/load-daemon-config.ts'
import { renderError } from '../words/render-error.ts'
import { asTetrarchError, errorTable } from '../words/errors.ts'
import { version } from '../words/version.ts'
import { type CommandLine, USAGE, readCommandLine } from './command-line.ts'
import { type Daemon, type DaemonOptions, startDaemon } from './daemon.ts'
import { auditFields } from './http/audit.ts'
import type { Host } from './host.ts'
import { type SystemdSockets, createServiceNotifier, takeSystemdSockets } from './systemd.ts'

async function main(): Promise<void> {
  const commandLine = readCommandLine(process.argv.slice(2))
  if (commandLine.show !== null) return void process.stdout.write(commandLine.show === 'help' ? USAGE : `${version}\n`)
  await serve(commandLine)
}

async function serve(commandLine: CommandLine): Promise<void> {
  const notifier = createServiceNotifier(await notifySender())
  const sockets = takeSystemdSockets()
  const { config, host, log } = await openHost(commandLine)
  const listen = listenTargets(config, sockets)
  const daemon = await startDaemon({ config, host, version, log, listen, ...(await journalAudit()) })
  notifier.ready(`${host.domains().length} domains running`)
  if (host.simulated) process.stdout.write(`simulating on ${join(config.paths.run, 'tetrarchd.sock')}\n`)
  const watchdog = notifier.watch(() => true)
  stopOnSignals(daemon, log, () => {
    notifier.stopping()
    watchdog[Symbol.dispose]()
  })
}

interface Opened {
  readonly config: DaemonConfig
  readonly host: Host
  readonly log: Logger
}

/** Native libraries are loaded only where they are needed: a simulation runs on any machine. */
async function openHost({ config: file, simulateIn }: CommandLine): Promise<Opened> {
  if (simulateIn !== null) {
    const { simulatedHost, simulationConfig } = await import('./open-simulation.ts')
    const config = await simulationConfig(simulateIn)
    return { config, host: simulatedHost(config), log: logTo(config) }
  }
  const { openXenHost } = await import('./open-host.ts')
  const config = await readConfig(file)
  const log = logTo(config)
  return { config, host: await openXenHost(config, log), log }
}

const logTo = ({ log: { level } }: DaemonConfig): Logger => pino({ level, base: null })

async function notifySender(): Promise<(state: string) => void> {
  if (process.env['NOTIFY_SOCKET'] === undefined) return () => undefined
  const { openSdNotify } = await import('../libxl/sd-notify.ts')
  return openSdNotify()
}

/** Under systemd the journal gets who asked for what as fields that it can be searched by. */
async function journalAudit(): Promise<Pick<DaemonOptions, 'audit'>> {
  if (process.env['JOURNAL_STREAM'] === undefined) return {}
  const { openJournal } = await import('../libxl/journal.ts')
  const send = openJournal()
  return { audit: (entry, message) => send(auditFields(entry, message)) }
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
