/** Makes the host that the daemon works on: Xen, or one in memory. */
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DaemonConfig } from '../config/daemon-config.ts'
import { createLibxlPool } from '../libxl/worker-pool.ts'
import { openXenctrl } from '../libxl/xenctrl.ts'
import { XenstoreClient } from '../xenstore/client.ts'
import { entryFiles } from './entry-files.ts'
import type { Host } from './host.ts'
import { createXenHost } from './xen/xen-host.ts'

export function openXenHost(config: DaemonConfig): Promise<Host> {
  const { libxl, xenstore, bootLoader, paths } = config
  const files = entryFiles()
  return createXenHost({
    xenctrl: openXenctrl(),
    pool: createLibxlPool({
      workerFile: files.libxlWorker,
      warm: libxl.warmWorkers,
      max: libxl.maxWorkers,
      idleMs: libxl.idleMs,
      startMs: libxl.startMs,
    }),
    xenstore: new XenstoreClient({
      path: paths.xenstore,
      connectTimeoutMs: xenstore.connectMs,
      requestTimeoutMs: xenstore.requestMs,
      connectPauseMaxMs: xenstore.reconnectMs,
    }),
    boot: { folder: join(paths.run, 'boot'), sandbox: { entryFile: files.bootSandbox, ...bootLoader } },
    consoles: { folder: paths.consoleLogs, ...config.console },
    deadlines: libxl,
  })
}

/** Puts every path of a configuration below one folder, so that a simulation touches nothing of the machine. */
export async function simulationConfig(folder: string): Promise<DaemonConfig> {
  const root = folder === '' ? await mkdtemp(join(tmpdir(), 'tetrarch-')) : folder
  const below = (name: string) => join(root, name)
  return DaemonConfig.parse({
    paths: {
      guests: below('guests'),
      state: below('state'),
      cache: below('cache'),
      run: root,
      consoleLogs: below('consoles'),
    },
  })
}
