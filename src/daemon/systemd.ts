/**
 * What systemd gives a service and wants to hear from it: sockets that it opened (sd_listen_fds(3)), and a line when
 * the service is ready, stops or is still alive (sd_notify(3)). Without systemd all of it does nothing.
 */
import { fail } from '../words/errors.ts'

type Environment = Record<string, string | undefined>

/** Descriptors of listening sockets, null where systemd opened none. */
export interface SystemdSockets {
  readonly full: number | null
  readonly readOnly: number | null
}

/** First descriptor that systemd passes (SD_LISTEN_FDS_START). */
const FIRST_DESCRIPTOR = 3
/** FileDescriptorName= of systemd/tetrarchd.socket and systemd/tetrarchd-ro.socket. */
const socketNames: Readonly<Record<string, keyof SystemdSockets>> = { full: 'full', 'read-only': 'readOnly' }
const NO_SOCKETS: SystemdSockets = { full: null, readOnly: null }

/**
 * The sockets that systemd opened for this process. The variables are removed from the environment, so that no child
 * takes them for its own. Throws `config-invalid` for a socket of a name that is not ours.
 */
export function takeSystemdSockets(env: Environment = process.env, pid: number = process.pid): SystemdSockets {
  const { LISTEN_PID: forPid, LISTEN_FDS: count = '0', LISTEN_FDNAMES: names = '' } = env
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) Reflect.deleteProperty(env, name)
  if (Number(forPid) !== pid) return NO_SOCKETS
  const named = names.split(':')
  return Array.from({ length: Number(count) }, (_, index) => named[index] ?? '').reduce<SystemdSockets>(
    (sockets, name, index) => ({ ...sockets, [socketNamed(name)]: FIRST_DESCRIPTOR + index }),
    NO_SOCKETS,
  )
}

function socketNamed(name: string): keyof SystemdSockets {
  const known = socketNames[name]
  if (known !== undefined) return known
  throw fail('config-invalid', {
    what: `systemd handed over a socket named ${JSON.stringify(name)}`,
    why: `the names are ${Object.keys(socketNames).join(' and ')}`,
    fix: 'set FileDescriptorName= in the socket unit',
  })
}

export interface ServiceNotifier {
  /** The service answers on its sockets. */
  ready(status: string): void
  /** One line for `systemctl status`. */
  status(text: string): void
  stopping(): void
  /**
   * From now on tells systemd at half the time it wants (WATCHDOG_USEC) that the service lives, as long as `alive`
   * says so. A blocked event loop says nothing, and systemd restarts the service.
   */
  watch(alive: () => boolean): Disposable
}

/** `send` passes one state on, such as sd_notify of libsystemd; it is not called outside of systemd. */
export function createServiceNotifier(
  send: (state: string) => void,
  env: Environment = process.env,
  pid: number = process.pid,
): ServiceNotifier {
  const wanted = env['NOTIFY_SOCKET'] !== undefined
  const tell = (...assignments: string[]) => {
    if (wanted) send(assignments.join('\n'))
  }
  const statusLine = (text: string) => `STATUS=${text.replaceAll(/\s+/g, ' ')}`
  return {
    ready: (text) => tell('READY=1', statusLine(text)),
    status: (text) => tell(statusLine(text)),
    stopping: () => tell('STOPPING=1', statusLine('stopping; guests keep running')),
    watch: (alive) => {
      const everyMs = watchdogMs(env, pid)
      if (!wanted || everyMs === null) return { [Symbol.dispose]: () => undefined }
      const timer = setInterval(() => {
        if (alive()) tell('WATCHDOG=1')
      }, everyMs / 2).unref()
      return { [Symbol.dispose]: () => clearInterval(timer) }
    },
  }
}

/** The time after which systemd takes a silent service for dead, null when it does not watch this process. */
function watchdogMs({ WATCHDOG_USEC: microseconds, WATCHDOG_PID: forPid }: Environment, pid: number): number | null {
  if (microseconds === undefined || (forPid !== undefined && Number(forPid) !== pid)) return null
  const ms = Number(microseconds) / 1000
  return ms > 0 ? ms : null
}
