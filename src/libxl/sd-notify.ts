/** sd_notify(3) of libsystemd: Node has no Unix datagram sockets of its own. */
import { loadLibrary } from './ffi.ts'

/**
 * Gives a function that sends one state to the socket in NOTIFY_SOCKET of the process's first environment. What it
 * returns is dropped, as sd_notify(3) recommends: systemd's own timeouts notice what did not reach it.
 */
export function openSdNotify(): (state: string) => void {
  const sdNotify = loadLibrary('libsystemd.so.0', 'libsystemd0').bind<[keepEnvironment: number, state: string], number>(
    'int sd_notify(int, const char *)',
  )
  return (state) => {
    sdNotify(0, state)
  }
}
