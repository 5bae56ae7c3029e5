/** Makes the host that is Xen out of the daemon's configuration. */
import { join } from 'node:path'
import type { DaemonConfig } from '../config/daemon-config.ts'
import { createLibxlPool } from '../libxl/worker-pool.ts'
import { openXenctrl } from '../libxl/xenctrl.ts'
import { sandboxOptions } from '../pygrub/options.ts'
import { XenstoreClient } from '../xenstore/client.ts'
import { entryFiles } from './entry-files.ts'
import type { Host } from './host.ts'
import { createXenHost } from './xen/xen-host.ts'

export function openXenHost(config: DaemonConfig): Promise<Host> {
  const { libxl, xenstore, paths } = config
  const files = entryFiles()
  return createXenHost({
    xenctrl: openXenctrl(),
    pool: createLibxlPool({
      workerFile: files.libxlWorker,
      warm: libxl.warmWorkers,
      max: libxl.maxWorkers,
      idleMs: libxl.idleMs,
      startMs: libxl.startMs,
      graceMs: libxl.graceMs,
      logLines: libxl.logLines,
    }),
    xenstore: new XenstoreClient({
      path: paths.xenstore,
      connectTimeoutMs: xenstore.connectMs,
      requestTimeoutMs: xenstore.requestMs,
      connectPauseMaxMs: xenstore.reconnectMs,
    }),
    // Beside the cache of kernels, so that a kept one is a link away.
    boot: { folder: join(paths.cache, 'starts'), sandbox: sandboxOptions(config, files.bootSandbox) },
    consoles: { directory: paths.consoleLogs, ...config.console },
    deadlines: libxl,
  })
}
