/**
 * An open libxenlight, for a worker process: libxl forks and reaps children, so nothing else in the process may.
 * Each call owns its native memory; the context's lock is held for long, so every call that reaches Xen runs in a pool thread.
 */
import { fail } from '../words/errors.ts'
import type { TetrarchError } from '../words/errors.ts'
import { readText } from './ffi.ts'
import type { NativeFunction, NativeLibrary, Pointer } from './ffi.ts'
import { createJsonContext } from './json-context.ts'
import { LibxlType } from './json.ts'
import type { LibxlTypeName } from './json.ts'
import { NativeMemory } from './memory.ts'
import { loadXenlight } from './xen-libraries.ts'
import { createXenLogger } from './xen-log.ts'
import type { XenVersion } from './xen-version.ts'

/** enum libxl_error (libxl_types.idl): those that tetrarch acts upon. */
export const libxlError = { aborted: -22 } as const

/** What the calls need of libxl. */
export interface Libxl {
  /** libxl_ctx: one operation at a time. */
  readonly ctx: Pointer
  /** For libxl's JSON code, which is also given what it must refuse (json.ts), so its complaints are not logged. */
  readonly jsonCtx: Pointer
  readonly library: NativeLibrary
  readonly version: XenVersion
  type(name: LibxlTypeName): LibxlType
  /** Throws `libxl-failed`, with libxl's name of the error, when a call did not return 0. */
  check(call: string, rc: number): void
  /** Asks the operation that runs to stop (libxl_ao_abort). False while there is none to stop. */
  abort(): Promise<boolean>
}

/** Opens libxl with its log going to a descriptor. Throws `xen-unavailable`. */
export function openLibxl(version: XenVersion, logFd: number): Libxl {
  const library = loadXenlight(version)
  const logger = createXenLogger(logFd)
  const ctx = allocateContext(library, logger)
  const nameOf = library.bind<[rc: number], Pointer | null>('void *libxl_error_to_string(int)')
  const aoAbort: NativeFunction<[Pointer, null], number> = library.bind('int libxl_ao_abort(void *, void *)')
  const types = new Map<LibxlTypeName, LibxlType>()
  return {
    ctx,
    jsonCtx: createJsonContext(createXenLogger(logFd, 'critical')).at,
    library,
    version,
    type(name) {
      const type = types.get(name) ?? new LibxlType(library, name)
      types.set(name, type)
      return type
    },
    check(call, rc) {
      if (rc !== 0) throw callFailed(call, rc, nameOf(rc))
    },
    // Without a "how" it is the synchronous operation of another thread.
    abort: async () => (await aoAbort.inThread(ctx, null)) === 0,
  }
}

function allocateContext(library: NativeLibrary, logger: Pointer): Pointer {
  const ctxAlloc = library.bind<[into: Pointer, version: number, flags: number, logger: Pointer], number>(
    'int libxl_ctx_alloc(void *, int, unsigned int, void *)',
  )
  const into = new NativeMemory(8)
  const rc = ctxAlloc(into.at, 0, 0, logger)
  const ctx = into.view.getBigUint64(0, true)
  into[Symbol.dispose]()
  if (rc === 0 && ctx !== 0n) return ctx
  throw fail('xen-unavailable', {
    what: 'libxenlight cannot work here',
    why: `libxl_ctx_alloc returned ${rc}`,
    fix: 'see that dom0 runs under Xen, that xenstored runs, and that tetrarchd runs as root',
  })
}

function callFailed(call: string, rc: number, name: Pointer | null): TetrarchError {
  const why = name === null ? `it returned ${rc}` : `ERROR_${readText(name).toUpperCase()} (${rc})`
  return fail('libxl-failed', { what: `${call} failed`, why })
}
