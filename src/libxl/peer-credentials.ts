/** Who is at the other end of a Unix socket (SO_PEERCRED, unix(7)); Node has no call for it. */
import { loadLibrary } from './ffi.ts'
import type { Pointer } from './ffi.ts'
import { NativeMemory } from './memory.ts'

export interface PeerCredentials {
  readonly pid: number
  readonly uid: number
  readonly gid: number
}

// asm-generic/socket.h
const SOL_SOCKET = 1
const SO_PEERCRED = 17
// struct ucred { pid_t pid; uid_t uid; gid_t gid; } (unix(7)), followed here by the socklen_t that says its size.
const CREDENTIALS_BYTES = 12

const getsockopt = loadLibrary('libc.so.6', 'libc6').bind<
  [fd: number, level: number, option: number, value: Pointer, length: Pointer],
  number
>('int getsockopt(int, int, int, void *, void *)')

/**
 * The process that connected, as the kernel knew it at that moment: it may have ended since.
 * Null for what is not a connected Unix socket.
 */
export function peerCredentials(fd: number): PeerCredentials | null {
  using memory = new NativeMemory(CREDENTIALS_BYTES + 4)
  const { view } = memory
  view.setUint32(CREDENTIALS_BYTES, CREDENTIALS_BYTES, true)
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, memory.at, memory.at + BigInt(CREDENTIALS_BYTES)) !== 0) return null
  return { pid: view.getInt32(0, true), uid: view.getUint32(4, true), gid: view.getUint32(8, true) }
}
