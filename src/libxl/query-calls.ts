/** libxl's calls that answer questions or move a number, for a domain or the host. */
import type { Pointer } from './ffi.ts'
import type { Libxl } from './libxl.ts'
import { NativeMemory } from './memory.ts'
import type { Handlers } from './operations.ts'
import { fail } from '../words/errors.ts'

type QueryOps = 'retrieve-configuration' | 'need-memory' | 'set-memory-target' | 'version-info'

/** Only a number for log lines: there is no domain yet. */
const NO_DOMID_FOR_LOGGING = 0xffff_ffff

export function bindQueryCalls(libxl: Libxl): Pick<Handlers, QueryOps> {
  return {
    'retrieve-configuration': bindRetrieveConfiguration(libxl),
    'need-memory': bindNeedMemory(libxl),
    'set-memory-target': bindSetMemoryTarget(libxl),
    'version-info': bindVersionInfo(libxl),
  }
}

function bindRetrieveConfiguration({ ctx, library, type, check }: Libxl): Handlers['retrieve-configuration'] {
  const retrieve = library.bind<[Pointer, domid: number, into: Pointer, how: null], number>(
    'int libxl_retrieve_domain_configuration(void *, uint32_t, void *, void *)',
  )
  return async ({ domid }) => {
    const config = type('domain_config')
    using struct = config.empty()
    check('libxl_retrieve_domain_configuration', await retrieve.inThread(ctx, domid, struct.at, null))
    return { config: config.toJson(struct.at) }
  }
}

function bindNeedMemory({ ctx, jsonCtx, library, type, check }: Libxl): Handlers['need-memory'] {
  const needMemory = library.bind<[Pointer, config: Pointer, domid: number, into: Pointer], number>(
    'int libxl_domain_need_memory(void *, void *, uint32_t, void *)',
  )
  return async ({ config }) => {
    using struct = type('domain_config').fromJson(jsonCtx, config)
    using out = new NativeMemory(8)
    check('libxl_domain_need_memory', await needMemory.inThread(ctx, struct.at, NO_DOMID_FOR_LOGGING, out.at))
    return { memoryKiB: Number(out.view.getBigUint64(0, true)) }
  }
}

function bindSetMemoryTarget({ ctx, library, check }: Libxl): Handlers['set-memory-target'] {
  const setTarget = library.bind<[Pointer, domid: number, kiB: number, relative: number, enforce: number], number>(
    'int libxl_set_memory_target(void *, uint32_t, int64_t, int, int)',
  )
  return async ({ domid, targetKiB, limit }) => {
    const enforce = limit === 'enforce' ? 1 : 0
    check('libxl_set_memory_target', await setTarget.inThread(ctx, domid, targetKiB, 0, enforce))
    return {}
  }
}

function bindVersionInfo({ ctx, library, type }: Libxl): Handlers['version-info'] {
  // The struct belongs to the context.
  const versionInfo = library.bind<[Pointer], Pointer | null>('void *libxl_get_version_info(void *)')
  return async () => {
    const at = await versionInfo.inThread(ctx)
    if (at === null) throw fail('libxl-failed', { what: 'libxl_get_version_info failed' })
    return { info: type('version_info').toJson(at) }
  }
}
