/** Makes the host that is Xen out of the daemon's configuration. */
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { DaemonConfig } from '../config/daemon-config.ts'
import { createLibxlPool } from '../libxl/worker-pool.ts'
import { openXenctrl } from '../libxl/xenctrl.ts'
import { sandboxOptions } from '../pygrub/options.ts'
import { XenstoreClient } from '../xenstore/client.ts'
import { entryFiles } from './entry-files.ts'
import type { Host } from './host.ts'
import { outliveEarlierWorkers } from './xen/earlier-workers.ts'
import type { DeviceTools } from './xen/devices/build-with-devices.ts'
import { DeviceConnector } from './xen/devices/device-connector.ts'
import { createXenHost } from './xen/xen-host.ts'

export async function openXenHost(config: DaemonConfig, log: Logger): Promise<Host> {
  const { libxl, xenstore, paths } = config
  const files = entryFiles()
  await outliveEarlierWorkers(files.libxlWorker, libxl.graceMs)
  const client = new XenstoreClient({
    path: paths.xenstore,
    connectTimeoutMs: xenstore.connectMs,
    requestTimeoutMs: xenstore.requestMs,
    connectPauseMaxMs: xenstore.reconnectMs,
  })
  return await createXenHost({
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
    xenstore: client,
    devices: deviceTools(config, files.connectDevice, client, log),
    // Beside the cache of kernels, so that a kept one is a link away.
    boot: { folder: join(paths.cache, 'starts'), sandbox: sandboxOptions(config, files.bootSandbox) },
    consoles: { directory: paths.consoleLogs, ...config.console },
    deadlines: libxl,
    deviceModel: config.deviceModel,
    looksAtOnce: config.bootLoader.looksAtOnce,
    xlConf: paths.xlConf,
  })
}

function deviceTools({ devices }: DaemonConfig, program: string, xenstore: XenstoreClient, log: Logger): DeviceTools {
  return {
    connector: new DeviceConnector({ xenstore, log, program, limits: devices }),
    program,
    connectedBy: devices.connectedBy,
  }
}
