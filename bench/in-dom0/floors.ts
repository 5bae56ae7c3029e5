/**
 * The least that anything on Xen can take: libxl alone for what it does, a bare hypercall, a bare round trip to xenstored.
 * What lies above them is ours.
 */
import { type LibxlPool, createLibxlPool } from '../../src/libxl/worker-pool.ts'
import type { JsonObject } from '../../src/libxl/requests.ts'
import { openXenctrl } from '../../src/libxl/xenctrl.ts'
import { domid } from '../../src/words/ids.ts'
import { XenstoreClient } from '../../src/xenstore/client.ts'
import { domainName } from '../../src/xenstore/paths.ts'
import { type Toolstack, api, bootFiles, fileOf, run, timed } from './sides.ts'

let pool: LibxlPool | undefined
const libxl = (): LibxlPool =>
  (pool ??= createLibxlPool({ workerFile: '/usr/lib/tetrarch/libxl-worker.mjs', warm: 0, idleMs: 60_000 }))
const domidOf = async (name: string) => domid(Number((await run('xl', ['domid', name])).stdout))

const configs = new Map<string, JsonObject>()
/** What our own create would give to libxl, asked for outside of what is measured. */
export async function planAhead(text: string): Promise<void> {
  const plan = await api.call('plan', { body: { definition: { file: fileOf(text), text } } })
  const config = plan.libxl as JsonObject
  // What was unpacked for the plan is gone by now.
  configs.set(text, { ...config, b_info: { ...(config['b_info'] as JsonObject), ...bootFiles } })
}

const domids = new Map<string, ReturnType<typeof domid>>()
/** libxl_domain_create_new and libxl_domain_destroy in a process that has libxl open: no program starts, nothing is checked. */
export const libxlAlone: Toolstack = {
  async create(text) {
    const config = configs.get(text) ?? {}
    const { name } = config['c_info'] as { readonly name: string }
    domids.set(name, (await libxl().run({ op: 'create', config })).domid)
  },
  async destroy(name) {
    await libxl().run({ op: 'destroy', domid: domids.get(name) ?? (await domidOf(name)) })
  },
}

/** Milliseconds that libxl_domain_rename takes of a domain, which is called as before afterwards. */
export async function renameTime(name: string): Promise<number> {
  const its = await domidOf(name)
  const to = `${name}-renamed`
  const taken = await timed(() => libxl().run({ op: 'rename', domid: its, from: name, to }))
  await libxl().run({ op: 'rename', domid: its, from: to, to: name })
  return taken
}

/** XEN_SYSCTL_getdomaininfolist. */
export function hypercall(): () => Promise<unknown> {
  const xenctrl = openXenctrl()
  return () => Promise.resolve(xenctrl.domains())
}

/** One node of xenstore over an open connection. */
export function xenstoreRoundTrip(): () => Promise<unknown> {
  const xenstore = new XenstoreClient({ path: '/run/xenstored/socket' })
  return () => xenstore.readText(domainName(domid(0)))
}
