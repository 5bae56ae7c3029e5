/** The few functions of the C library that tetrarch needs beyond Node's own. */
import { loadLibrary } from './ffi.ts'
import type { Pointer } from './ffi.ts'

const libc = loadLibrary('libc.so.6', 'libc6')

export const calloc = libc.bind<[count: number, bytes: number], Pointer | null>('void *calloc(size_t, size_t)')
export const free = libc.bind<[at: Pointer], undefined>('void free(void *)')
/** Leaves at once, running no exit handlers: process.exit waits for pool threads, and one may sit in libxl for ever. */
export const leave = libc.bind<[status: number], undefined>('void _exit(int)')
/** A FILE * over a descriptor, or null. */
export const fdopen = libc.bind<[fd: number, mode: string], Pointer | null>('void *fdopen(int, const char *)')
/** ioctl(2) for requests that take no argument. Returns -1 and sets errno. */
export const ioctl = libc.bind<[fd: number, request: number, argument: number], number>(
  'int ioctl(int, unsigned long, long)',
)
/** fcntl(2) for commands with an integer argument. */
export const fcntl = libc.bind<[fd: number, command: number, argument: number], number>('int fcntl(int, int, long)')
/** ioctl(2) for requests that read or fill a struct; the memory stays valid for the call. Returns -1 and sets errno. */
export const ioctlStruct = libc.bind<[fd: number, request: number, struct: Pointer], number>(
  'int ioctl(int, unsigned long, void *)',
)
/** flock(2). Returns -1 and sets errno. */
export const flock = libc.bind<[fd: number, operation: number], number>('int flock(int, int)')
/** socket(2). Returns -1 and sets errno. */
export const socket = libc.bind<[family: number, type: number, protocol: number], number>('int socket(int, int, int)')
