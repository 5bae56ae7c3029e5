/** Xen's libraries log to a stream, never to a JavaScript callback: libxl's forked children log too. */
import { fail } from '../words/errors.ts'
import type { Pointer } from './ffi.ts'
import { fdopen } from './libc.ts'
import { loadXentoollog } from './xen-libraries.ts'

/** xentoollog_level and XTL_STDIOSTREAM_* (tools/include/xentoollog.h). */
const XTL_DEBUG = 1
const HIDE_PROGRESS = 4

/** A logger that writes lines such as `libxl: error: …` to a descriptor, for as long as the process lives. */
export function createXenLogger(fd: number): Pointer {
  const createLogger = loadXentoollog().bind<[stream: Pointer, level: number, flags: number], Pointer | null>(
    'void *xtl_createlogger_stdiostream(void *, int, unsigned int)',
  )
  const stream = fdopen(fd, 'w')
  const logger = stream === null ? null : createLogger(stream, XTL_DEBUG, HIDE_PROGRESS)
  if (logger === null) throw fail('internal', { what: `cannot log to descriptor ${fd}` })
  return logger
}
