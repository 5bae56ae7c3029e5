/** libxl's calls on whole domains (tools/include/libxl.h). */
import { fail } from '../words/errors.ts'
import type { Domid } from '../words/ids.ts'
import type { NativeFunction, Pointer } from './ffi.ts'
import type { Libxl } from './libxl.ts'
import type { Handlers } from './operations.ts'
import type { Trigger } from './requests.ts'

/** Asynchronous operations are run synchronously in a pool thread, so their `ao_how` is always NULL. */
export type Synchronously = null
type OnDomain = NativeFunction<[ctx: Pointer, domid: number, how: Synchronously], number>

/** enum libxl_trigger (libxl_types.idl). */
const triggers: Readonly<Record<Trigger, number>> = { power: 1, sleep: 2, nmi: 3, init: 4, reset: 5, s3resume: 6 }

type DomainOps = 'destroy' | 'pause' | 'unpause' | 'rename' | 'send-trigger'

export function bindDomainCalls(libxl: Libxl): Pick<Handlers, DomainOps> {
  const { ctx, library } = libxl
  const onDomain = (name: string): OnDomain => library.bind(`int libxl_domain_${name}(void *, uint32_t, void *)`)
  const sendTrigger = library.bind<[Pointer, domid: number, trigger: number, vcpu: number, Synchronously], number>(
    'int libxl_send_trigger(void *, uint32_t, int, uint32_t, void *)',
  )
  const rename = library.bind<[Pointer, domid: number, from: string, to: string], number>(
    'int libxl_domain_rename(void *, uint32_t, const char *, const char *)',
  )
  const plain = (name: 'destroy' | 'pause' | 'unpause') => {
    const call = onDomain(name)
    return async ({ domid }: { readonly domid: Domid }) => {
      libxl.check(`libxl_domain_${name}`, await call.inThread(ctx, guest(domid), null))
      return {}
    }
  }
  const trigger = async (domid: Domid, which: Trigger, vcpu: number): Promise<void> =>
    libxl.check('libxl_send_trigger', await sendTrigger.inThread(ctx, guest(domid), triggers[which], vcpu, null))
  return {
    destroy: plain('destroy'),
    pause: plain('pause'),
    unpause: plain('unpause'),
    rename: async ({ domid, from, to }) => {
      libxl.check('libxl_domain_rename', await rename.inThread(ctx, guest(domid), from, to))
      return {}
    },
    'send-trigger': async ({ domid, trigger: which, vcpu }) => {
      await trigger(domid, which, vcpu ?? 0)
      return {}
    },
  }
}

/** Nothing here is ever done to dom0: a paused or destroyed dom0 takes the host with it. */
export function guest(domid: Domid): Domid {
  if (domid === 0) throw fail('internal', { what: 'this is never done to dom0' })
  return domid
}
