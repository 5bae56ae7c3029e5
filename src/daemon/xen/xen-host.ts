/** The host that is Xen: libxenctrl and xenstore in this process, libxenlight in workers, the boot loader in its sandbox. */
import type { LibxlPool } from '../../libxl/worker-pool.ts'
import type { Xenctrl } from '../../libxl/xenctrl.ts'
import type { Domid } from '../../words/ids.ts'
import type { XenstoreClient } from '../../xenstore/client.ts'
import { domainName, domainPath } from '../../xenstore/paths.ts'
import type { Host } from '../host.ts'
import { type BootTools, forgetExtractions, prepareBoot, releaseBoot } from './boot.ts'
import { type ConsoleTools, openDomainConsole } from './console.ts'
import { describeDomain } from './describe.ts'
import { toDomain } from './domains.ts'
import { type LibxlDeadlines, libxlOperations } from './libxl-operations.ts'
import { readXenVersion, toHostFacts } from './host-facts.ts'
import { checkResources } from './resources.ts'
import { sweepDomain } from './sweep.ts'

export interface XenTools {
  readonly pool: LibxlPool
  readonly xenctrl: Xenctrl
  readonly xenstore: XenstoreClient
  readonly boot: BootTools
  readonly consoles: ConsoleTools
  readonly deadlines: LibxlDeadlines
}

/** Two watches tell of every domain that comes, goes or shuts down (docs/misc/xenstore.txt). */
const DOMAIN_WATCHES = ['@introduceDomain', '@releaseDomain'] as const
/** Where the states of all backends in dom0 are. */
const BACKENDS = ['vbd', 'vif', 'qdisk'] as const

export async function createXenHost(tools: XenTools): Promise<Host> {
  const { pool, xenctrl, xenstore, deadlines } = tools
  const listeners = new Set<() => void>()
  for (const path of DOMAIN_WATCHES) await xenstore.watch(path, () => listeners.forEach((listener) => listener()))
  const xenVersion = await readXenVersion()
  await forgetExtractions(tools.boot)

  const operations = libxlOperations(pool, deadlines)

  return {
    ...operations,
    simulated: false,
    facts: () => Promise.resolve(toHostFacts(xenVersion, xenctrl.physinfo())),
    domains: () =>
      xenctrl
        .domains()
        .filter(({ domid }) => domid !== 0)
        .map(toDomain),
    onDomainsChanged(listener) {
      listeners.add(listener)
      return { [Symbol.dispose]: () => void listeners.delete(listener) }
    },
    describe: (domid) => describeDomain(xenstore, xenctrl, domid),
    watchDescription: (domid, listener) => watchDescription(xenstore, domid, listener),
    checkResources,
    prepareBoot: (spec, operation) => prepareBoot(tools.boot, spec, operation),
    releaseBoot: (boot) => releaseBoot(tools.boot, boot),
    sweep: (uuid, spec, operation) =>
      sweepDomain({ xenstore, xenctrl, destroy: operations.destroy }, uuid, spec, operation),
    openConsole: (domid, name) => openDomainConsole(tools.consoles, xenstore, domid, name),
    async close() {
      xenstore.close()
      await pool.close()
      xenctrl[Symbol.dispose]()
    },
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
    paths.map((path) => xenstore.watch(path as Parameters<XenstoreClient['watch']>[0], listener)),
  )
  return {
    [Symbol.asyncDispose]: async () => {
      await Promise.all(unwatch.map((end) => end()))
    },
  }
}
