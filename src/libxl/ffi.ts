/**
 * The door to native code, and the only file that imports koffi.
 * Promises: every function has a typed signature; a missing library is an error that names its Debian package; an asynchronous
 * call runs on a thread of libuv's pool with a stack libxl fits in.
 * Never: a JavaScript Buffer handed to native code that outlives the call. koffi does not keep it alive, so memory that
 * native code keeps belongs to memory.ts.
 */
import koffi from 'koffi'
import { fail } from '../words/errors.ts'

/** The address of something native. */
export type Pointer = bigint
type NativeValue = Pointer | number | string | null

export interface NativeFunction<Args extends readonly NativeValue[], Result> {
  (...args: Args): Result
  /** The same on a pool thread. Strings are copied before the call; pointers must stay valid until it returns. */
  readonly inThread: (...args: Args) => Promise<Result>
}

export interface NativeLibrary {
  /** Binds a function by its C prototype. Pointers are `void *`, so the types here say what they are. */
  bind<Args extends readonly NativeValue[], Result>(prototype: string): NativeFunction<Args, Result>
}

interface KoffiFunction {
  (...args: readonly NativeValue[]): unknown
  readonly async: (...args: readonly unknown[]) => void
}

// libxl's stack need in a create is above koffi's default of 128 to 256 KiB, and running out of it is a SIGSEGV.
const ASYNC_STACK_BYTES = 8 << 20
koffi.config({ async_stack_size: ASYNC_STACK_BYTES })

/** Loads a shared library. Throws `xen-unavailable`, naming the Debian package that holds it. */
export function loadLibrary(soname: string, debianPackage: string): NativeLibrary {
  const library = open(soname, debianPackage)
  return {
    bind<Args extends readonly NativeValue[], Result>(prototype: string): NativeFunction<Args, Result> {
      const native = library.func(prototype) as KoffiFunction
      const call = (...args: Args): Result => native(...args) as Result
      const inThread = (...args: Args): Promise<Result> => runInThread<Result>(native, args)
      return Object.assign(call, { inThread })
    },
  }
}

function open(soname: string, debianPackage: string): { func(prototype: string): unknown } {
  try {
    return koffi.load(soname)
  } catch (cause) {
    throw fail(
      'xen-unavailable',
      {
        what: `cannot load ${soname}`,
        why: cause instanceof Error ? cause.message : String(cause),
        fix: `install the package ${debianPackage}`,
      },
      { cause },
    )
  }
}

function runInThread<Result>(native: KoffiFunction, args: readonly NativeValue[]): Promise<Result> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, result: Result): void => (error === null ? resolve(result) : reject(error))
    native.async(...args, done)
  })
}

/** The NUL-terminated UTF-8 text at an address. */
export const readText = (at: Pointer): string => koffi.decode.string(at)

/** The value of errno after the last native call of this thread. */
export const errno = (): number => koffi.errno()

/**
 * Native memory seen in place. Valid as long as the memory is: the owner drops the view before it frees.
 */
export const viewMemory = (at: Pointer, bytes: number): DataView => new DataView(koffi.view(at, bytes))
