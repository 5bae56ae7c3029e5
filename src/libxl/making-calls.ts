/** libxl's calls that make a domain, anew or around the memory of one that was saved (tools/include/libxl.h). */
import { closeSync, openSync } from 'node:fs'
import { fail } from '../words/errors.ts'
import { domid as asDomid } from '../words/ids.ts'
import type { Domid } from '../words/ids.ts'
import type { Synchronously } from './domain-calls.ts'
import type { Pointer } from './ffi.ts'
import { libxlError } from './libxl.ts'
import type { Libxl } from './libxl.ts'
import { NativeMemory } from './memory.ts'
import type { Handlers, Operation } from './operations.ts'

/** LIBXL_INVALID_DOMID (libxl_internal.h), what is in `domid` until there is one. */
const INVALID_DOMID = 0xffff_ffff
/** What libxl writes since Xen 4.6 (docs/specs/libxl-migration-stream.pandoc). */
const STREAM_VERSION = 2
/** No one is told when the memory has been read, as the other side of a migration would be. */
const NO_SEND_BACK = -1

export function bindMakingCalls(libxl: Libxl): Pick<Handlers, 'create' | 'restore'> {
  const { ctx, library, jsonCtx, type } = libxl
  const createNew = library.bind<[Pointer, config: Pointer, domid: Pointer, Synchronously, progress: null], number>(
    'int libxl_domain_create_new(void *, void *, void *, void *, void *)',
  )
  const createRestore = library.bind<
    [Pointer, config: Pointer, domid: Pointer, fd: number, back: number, Pointer, Synchronously, progress: null],
    number
  >('int libxl_domain_create_restore(void *, void *, void *, int, int, void *, void *, void *)')
  const wholeOrNothing = bindWholeOrNothing(libxl)
  return {
    async create({ config }, operation) {
      using struct = type('domain_config').fromJson(jsonCtx, config)
      const make = (into: Pointer) => createNew.inThread(ctx, struct.at, into, null, null)
      return await wholeOrNothing('libxl_domain_create_new', make, operation)
    },
    async restore({ config, file }, operation) {
      using struct = type('domain_config').fromJson(jsonCtx, config)
      using params = type('domain_restore_params').fromJson(jsonCtx, { stream_version: STREAM_VERSION })
      const fd = openSync(file, 'r')
      try {
        const make = (into: Pointer) =>
          createRestore.inThread(ctx, struct.at, into, fd, NO_SEND_BACK, params.at, null, null)
        return await wholeOrNothing('libxl_domain_create_restore', make, operation)
      } finally {
        closeSync(fd)
      }
    },
  }
}

function bindWholeOrNothing({ ctx, library, check }: Libxl) {
  const domainInfo = library.bind<[Pointer, into: null, domid: number], number>(
    'int libxl_domain_info(void *, void *, uint32_t)',
  )
  const destroy = library.bind<[Pointer, domid: number, Synchronously], number>(
    'int libxl_domain_destroy(void *, uint32_t, void *)',
  )
  // libxl destroys what it made when a create fails, but keeps it when the create was aborted (libxl_create.c, retain_domain).
  const destroyRemains = async (domid: number): Promise<void> => {
    if (domid === INVALID_DOMID || domid === 0 || (await domainInfo.inThread(ctx, null, domid)) !== 0) return
    check('libxl_domain_destroy, after a create that did not succeed,', await destroy.inThread(ctx, domid, null))
  }
  return async (
    call: string,
    make: (domid: Pointer) => Promise<number>,
    operation: Operation,
  ): Promise<{ readonly domid: Domid }> => {
    using out = new NativeMemory(4)
    out.view.setUint32(0, INVALID_DOMID, true)
    const rc = await make(out.at)
    const domid = out.view.getUint32(0, true)
    const aborted = await operation.endOfAborts()
    if (rc === 0 && !aborted) return { domid: asDomid(domid) }
    await destroyRemains(domid)
    check(call, rc === 0 ? libxlError.aborted : rc)
    throw fail('internal', { what: 'a create neither succeeded nor failed' })
  }
}
