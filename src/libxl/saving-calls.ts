/** libxl's calls that put a domain's memory into a file, and let one go on that was stopped for it (tools/include/libxl.h). */
import { closeSync, fsyncSync, openSync, rmSync } from 'node:fs'
import { type Synchronously, guest } from './domain-calls.ts'
import type { Pointer } from './ffi.ts'
import type { Libxl } from './libxl.ts'
import type { Handlers } from './operations.ts'

/** The domain stands still while it is written: no LIBXL_SUSPEND_LIVE. */
const NO_FLAGS = 0
/** The guest goes on where it was, as after a suspend that was called off, which spares a PV guest to connect its devices anew. */
const SUSPEND_CANCEL = 1
const OWNER_ONLY = 0o600

export function bindSavingCalls({ ctx, library, check }: Libxl): Pick<Handlers, 'save' | 'resume'> {
  const suspend = library.bind<[Pointer, domid: number, fd: number, flags: number, Synchronously], number>(
    'int libxl_domain_suspend(void *, uint32_t, int, int, void *)',
  )
  const resume = library.bind<[Pointer, domid: number, cancel: number, Synchronously], number>(
    'int libxl_domain_resume(void *, uint32_t, int, void *)',
  )
  return {
    async save({ domid, file }) {
      const fd = openSync(file, 'wx', OWNER_ONLY)
      try {
        check('libxl_domain_suspend', await suspend.inThread(ctx, guest(domid), fd, NO_FLAGS, null))
        fsyncSync(fd)
      } catch (thrown) {
        rmSync(file, { force: true })
        throw thrown
      } finally {
        closeSync(fd)
      }
      return {}
    },
    async resume({ domid }) {
      check('libxl_domain_resume', await resume.inThread(ctx, guest(domid), SUSPEND_CANCEL, null))
      return {}
    },
  }
}
