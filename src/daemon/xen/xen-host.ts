/** The host that is Xen: libxenctrl and xenstore in this process, libxenlight in workers, the boot loader in its sandbox. */
import type { DaemonConfig } from '../../config/daemon-config.ts'
import type { LibxlPool } from '../../libxl/worker-pool.ts'
import type { Xenctrl } from '../../libxl/xenctrl.ts'
import { inspectSystem, listBootEntries } from '../../pygrub/sandbox.ts'
import type { Domid } from '../../words/ids.ts'
import type { XenstoreClient } from '../../xenstore/client.ts'
import { below, domainName, domainPath, vncNode } from '../../xenstore/paths.ts'
import type { JsonObject } from '../../libxl/requests.ts'
import type { Host, Operation } from '../host.ts'
import { turns } from '../turns.ts'
import { askGuest, withdrawRequest } from './ask.ts'
import { type BootTools, forgetExtractions, prepareBoot, releaseBoot } from './boot.ts'
import { type ConsoleTools, openDomainConsole } from './console.ts'
import { buildWithDeviceModel, deviceModels } from './device-models.ts'
import { type DeviceTools, buildWithDevices, equipWithDevices, startDevices } from './devices/build-with-devices.ts'
import { describeDomain } from './describe.ts'
import { domainLists } from './domains.ts'
import { type LibxlDeadlines, libxlOperations } from './libxl-operations.ts'
import { nicDefaultsIn, readHostProperties, toHostFacts } from './host-facts.ts'
import { preserveDomain } from './preserve.ts'
import { watchRecord } from './libxl-record.ts'
import { inspect } from './inspect.ts'
import { checkResources } from './resources.ts'
import { sweepDomain } from './sweep.ts'

export interface XenTools {
  readonly pool: LibxlPool
  readonly xenctrl: Xenctrl
  readonly xenstore: XenstoreClient
  readonly boot: BootTools
  readonly consoles: ConsoleTools
  readonly deadlines: LibxlDeadlines
  readonly deviceModel: DaemonConfig['deviceModel']
  readonly devices: DeviceTools
  /** Disks that are read at once for clients who only look. */
  readonly looksAtOnce: number
  /** Path of xl.conf(5). */
  readonly xlConf: string
}

/** Two watches tell of every domain that comes, goes or shuts down (docs/misc/xenstore.txt). */
const DOMAIN_WATCHES = ['@introduceDomain', '@releaseDomain'] as const
/** Where the states of all backends in dom0 are. */
const BACKENDS = ['vbd', 'vif', 'qdisk'] as const

export async function createXenHost(tools: XenTools): Promise<Host> {
  const { pool, xenctrl, xenstore, deadlines } = tools
  const listeners = new Set<() => void>()
  for (const path of DOMAIN_WATCHES) await xenstore.watch(path, () => listeners.forEach((listener) => listener()))
  const properties = await readHostProperties(xenctrl)
  const nicDefaults = nicDefaultsIn(tools.xlConf)
  await forgetExtractions(tools.boot)

  const operations = libxlOperations(pool, deadlines)
  const look = turns(tools.looksAtOnce)
  await startDevices(tools.devices)
  const asking = { xenstore, xenctrl, press: operations.trigger }

  return {
    ...operations,
    simulated: false,
    facts: () => Promise.resolve(toHostFacts(properties, xenctrl.physinfo(), nicDefaults())),
    ...domainLists(xenctrl),
    onDomainsChanged(listener) {
      listeners.add(listener)
      return { [Symbol.dispose]: () => void listeners.delete(listener) }
    },
    describe: (domid) => describeDomain(xenstore, xenctrl, domid),
    readOfGuest: (domid, path) => xenstore.readText(below(domainPath(domid), path)),
    ...deviceModels(xenstore, tools.deviceModel),
    ...making(tools, operations),
    watchDescription: (domid, listener) => watchDescription(xenstore, domid, listener),
    checkResources,
    inspect,
    bootEntries: (disk) => look(() => listBootEntries(disk, tools.boot.sandbox)),
    guestSystem: (disk) => look(() => inspectSystem(disk, tools.boot.sandbox)),
    prepareBoot(spec, operation, choice) {
      // libxl is wanted next.
      pool.expectWork()
      return prepareBoot(tools.boot, spec, operation, choice)
    },
    releaseBoot: (boot) => releaseBoot(tools.boot, boot),
    sweep: (uuid, spec, operation) =>
      sweepDomain({ xenstore, xenctrl, destroy: operations.destroy }, uuid, spec, operation),
    shutdown: (domid, noticeMs, operation) => askGuest(asking, domid, 'poweroff', { ...operation, noticeMs }),
    reboot: (domid, noticeMs, operation) => askGuest(asking, domid, 'reboot', { ...operation, noticeMs }),
    withdraw: (domid) => withdrawRequest(xenstore, domid),
    preserve: (domid, as, operation) => preserveDomain({ xenstore, xenctrl, operations }, domid, as, operation),
    openConsole: (domid, log) => openDomainConsole(tools.consoles, { xenstore, xenctrl }, domid, log),
    vncPassword: (domid) => xenstore.readText(vncNode(domid, 'pass')),
    async close() {
      await tools.devices.connector.close()
      xenstore.close()
      await pool.close()
      xenctrl[Symbol.dispose]()
    },
  }
}

/** How domains are made, with their devices and their device models. */
function making(
  { devices, deviceModel }: XenTools,
  operations: Pick<Host, 'build' | 'equip' | 'restore'>,
): Pick<Host, 'build' | 'equip' | 'restore'> {
  const make = (build: Host['build'], config: JsonObject, operation: Operation) =>
    buildWithDeviceModel(buildWithDevices(devices, build), config, operation, deviceModel.logBytes)
  return {
    build: (config, operation) => make(operations.build, config, operation),
    restore: (config, file, operation) =>
      make((its, during) => operations.restore(its, file, during), config, operation),
    equip: equipWithDevices(devices, operations.equip),
  }
}

/** A watch fires once for what is there when it is set. */
function afterTheFirst(listener: () => void): () => void {
  let fired = false
  return () => {
    if (fired) listener()
    fired = true
  }
}

/** A domain's name, the states of its backends, and its device model are what can change in its description. */
async function watchDescription(
  xenstore: XenstoreClient,
  domid: Domid,
  listener: () => void,
): Promise<AsyncDisposable> {
  const backends = BACKENDS.map((kind) => `${domainPath(0 as Domid)}/backend/${kind}/${domid}`)
  const paths = [domainName(domid), `${domainPath(domid)}/image`, ...backends]
  const unwatch = await Promise.all(
    paths.map((path) => xenstore.watch(path as Parameters<XenstoreClient['watch']>[0], afterTheFirst(listener))),
  )
  const record = watchRecord(domid, listener)
  return {
    [Symbol.asyncDispose]: async () => {
      record[Symbol.dispose]()
      await Promise.all(unwatch.map((end) => end()))
    },
  }
}
