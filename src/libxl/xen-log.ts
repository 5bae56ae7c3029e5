/** Xen's libraries log to a stream, never to a JavaScript callback: libxl's forked children log too. */
import { fail } from '../words/errors.ts'
import type { Pointer } from './ffi.ts'
import { fdopen } from './libc.ts'
import { loadXentoollog } from './xen-libraries.ts'

/** xentoollog_level and XTL_STDIOSTREAM_* (tools/include/xentoollog.h). */
const levels = { debug: 1, critical: 9 } as const
const HIDE_PROGRESS = 4

/** A logger that writes lines such as `libxl: error: …`, from this level on, to a descriptor, for as long as the process lives. */
export function createXenLogger(fd: number, from: keyof typeof levels = 'debug'): Pointer {
  const createLogger = loadXentoollog().bind<[stream: Pointer, level: number, flags: number], Pointer | null>(
    'void *xtl_createlogger_stdiostream(void *, int, unsigned int)',
  )
  const stream = fdopen(fd, 'w')
  const logger = stream === null ? null : createLogger(stream, levels[from], HIDE_PROGRESS)
  if (logger === null) throw fail('internal', { what: `cannot log to descriptor ${fd}` })
  return logger
}
