/** libxl's calls on a domain that has ended and is not simply destroyed (tools/include/libxl.h). */
import { fail } from '../words/errors.ts'
import type { Uuid } from '../words/ids.ts'
import { type Synchronously, guest } from './domain-calls.ts'
import type { Pointer } from './ffi.ts'
import type { Libxl } from './libxl.ts'
import { NativeMemory } from './memory.ts'
import type { Handlers } from './operations.ts'
import { loadXenctrl } from './xen-libraries.ts'
import type { XenVersion } from './xen-version.ts'

export function bindEndCalls(libxl: Libxl): Pick<Handlers, 'core-dump' | 'preserve' | 'soft-reset'> {
  return { 'core-dump': bindCoreDump(libxl), preserve: bindPreserve(libxl), 'soft-reset': bindSoftReset(libxl) }
}

function bindCoreDump({ ctx, library, check }: Libxl): Handlers['core-dump'] {
  const coreDump = library.bind<[Pointer, domid: number, file: string, Synchronously], number>(
    'int libxl_domain_core_dump(void *, uint32_t, const char *, void *)',
  )
  return async ({ domid, file }) => {
    check('libxl_domain_core_dump', await coreDump.inThread(ctx, guest(domid), file, null))
    return {}
  }
}

function bindPreserve({ ctx, jsonCtx, library, type, check, version }: Libxl): Handlers['preserve'] {
  // The libxl_uuid is passed by value: 16 bytes, which the System V ABI passes as two 64-bit numbers.
  const preserve = library.bind<[Pointer, number, info: Pointer, suffix: string, low: Pointer, high: Pointer], number>(
    'int libxl_domain_preserve(void *, uint32_t, void *, const char *, uint64_t, uint64_t)',
  )
  return async ({ domid, name, suffix, uuid }) => {
    using info = type('domain_create_info').fromJson(jsonCtx, { name })
    const bytes = bytesOf(uuid)
    const halves = [bytes.readBigUInt64LE(0), bytes.readBigUInt64LE(8)] as const
    check('libxl_domain_preserve', await preserve.inThread(ctx, guest(domid), info.at, suffix, ...halves))
    setHandle(version, guest(domid), bytes)
    return {}
  }
}

/** What the hypervisor calls the domain. Without it two domains would have one uuid there. */
function setHandle(version: XenVersion, domid: number, handle: Buffer): void {
  const library = loadXenctrl(version)
  const open = library.bind<[null, null, number], Pointer | null>(
    'void *xc_interface_open(void *, void *, unsigned int)',
  )
  const close = library.bind<[Pointer], number>('int xc_interface_close(void *)')
  const set = library.bind<[Pointer, number, Pointer], number>('int xc_domain_sethandle(void *, uint32_t, void *)')
  const xch = open(null, null, 0)
  if (xch === null) throw fail('xen-unavailable', { what: 'cannot reach the hypervisor' })
  using memory = new NativeMemory(handle.length)
  handle.forEach((byte, index) => memory.view.setUint8(index, byte))
  const rc = set(xch, domid, memory.at)
  close(xch)
  if (rc !== 0) throw fail('libxl-failed', { what: 'xc_domain_sethandle failed', why: `it returned ${rc}` })
}

const bytesOf = (uuid: Uuid): Buffer => Buffer.from(uuid.replaceAll('-', ''), 'hex')

function bindSoftReset({ ctx, jsonCtx, library, type, check }: Libxl): Handlers['soft-reset'] {
  const softReset = library.bind<[Pointer, config: Pointer, domid: number, Synchronously, progress: null], number>(
    'int libxl_domain_soft_reset(void *, void *, uint32_t, void *, void *)',
  )
  return async ({ domid, config }) => {
    using struct = type('domain_config').fromJson(jsonCtx, config)
    check('libxl_domain_soft_reset', await softReset.inThread(ctx, struct.at, guest(domid), null, null))
    return {}
  }
}
