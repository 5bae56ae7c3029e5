/**
 * A stand-in for libxl_ctx that is enough for libxl's JSON code, with or without Xen: that code uses the context's logger alone,
 * the first member of struct libxl__ctx (tools/libs/light/libxl_internal.h, 4.17 to 4.20).
 */
import type { Pointer } from './ffi.ts'
import { NativeMemory } from './memory.ts'

const CTX_BYTES = 8192

/** A context that logs to `logger`, which must outlive it. */
export function createJsonContext(logger: Pointer): NativeMemory {
  const ctx = new NativeMemory(CTX_BYTES)
  ctx.view.setBigUint64(0, logger, true)
  return ctx
}
