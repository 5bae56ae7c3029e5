import { join } from 'node:path'

/** Files of the other programs that the daemon starts. */
export interface EntryFiles {
  readonly libxlWorker: string
  readonly bootSandbox: string
  /** What libxl runs for each disk and network interface that the daemon connects. */
  readonly connectDevice: string
}

/**
 * Where they are: bundles beside the daemon's own where it is installed (made by scripts/build), sources when it
 * runs from a checkout.
 */
export function entryFiles(
  here: string = import.meta.dirname,
  bundled = import.meta.filename.endsWith('.mjs'),
): EntryFiles {
  return bundled
    ? {
        libxlWorker: join(here, 'libxl-worker.mjs'),
        bootSandbox: join(here, 'boot-sandbox.mjs'),
        connectDevice: join(here, 'connect-device'),
      }
    : {
        libxlWorker: join(here, '../libxl/worker.ts'),
        bootSandbox: join(here, '../pygrub/sandbox-main.ts'),
        connectDevice: join(here, '../../packaging/connect-device.sh'),
      }
}
