/** Keeps a domain that has ended beside its successor. */
import { readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { JsonObject, JsonValue } from '../../libxl/requests.ts'
import type { Xenctrl } from '../../libxl/xenctrl.ts'
import { deviceModelPidOf } from '../../qemu/device-model.ts'
import { fail } from '../../words/errors.ts'
import type { Domid, Uuid } from '../../words/ids.ts'
import type { XenstoreClient } from '../../xenstore/client.ts'
import { readDevices } from '../../xenstore/devices.ts'
import type { Operation, Preserved } from '../host.ts'
import type { libxlOperations } from './libxl-operations.ts'

/** libxl's files about a domain, `userdata-d.DOMID.UUID.NAME` (libxl_dom.c, userdata_path). */
const USERDATA = '/var/lib/xen'

export interface PreserveTools {
  readonly xenstore: XenstoreClient
  readonly xenctrl: Xenctrl
  readonly operations: Pick<ReturnType<typeof libxlOperations>, 'configuration' | 'removeDevice' | 'preserveDomain'>
}

export async function preserveDomain(tools: PreserveTools, domid: Domid, as: Preserved, operation: Operation) {
  const { operations, xenctrl, xenstore } = tools
  const before = xenctrl.domain(domid)
  if (before === null) throw fail('not-found', { what: `there is no domain ${domid}` })
  const config = await operations.configuration(domid, operation)
  // QEMU holds the disks as well, and nobody will talk to a dead guest's hardware.
  const qemu = await deviceModelPidOf(xenstore, domid)
  if (qemu !== null) process.kill(qemu, 'SIGTERM')
  const backends = await backendTypes(xenstore, domid)
  const disks = listOf(config['disks']).map((disk) => {
    const backend = backends.get(disk['vdev'])
    return { kind: 'disk', config: backend === undefined ? disk : { ...disk, backend } } as const
  })
  const nics = listOf(config['nics']).map((nic) => ({ kind: 'nic', config: nic }) as const)
  for (const device of [...disks, ...nics]) await operations.removeDevice(domid, device, operation)
  await operations.preserveDomain(domid, as, operation)
  await renameUserdata(domid, before.uuid, as.uuid)
}

/** By vdev: libxl saves a configuration before it has chosen them, and takes no disk away of which it does not know (libxl_disk.c, libxl__device_from_disk). */
async function backendTypes(
  xenstore: XenstoreClient,
  domid: Domid,
): Promise<ReadonlyMap<JsonValue | undefined, string>> {
  const devices = await readDevices(xenstore, domid)
  return new Map(
    devices.flatMap((device) =>
      device.kind === 'vbd' && device.vdev !== null && device.backendType !== null
        ? [[device.vdev, device.backendType]]
        : [],
    ),
  )
}

const listOf = (value: JsonValue | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? (value as readonly JsonObject[]) : []

/** libxl finds its files by domid and uuid, also to remove them when the domain goes. */
async function renameUserdata(domid: Domid, from: Uuid, to: Uuid): Promise<void> {
  const marks = { old: `.${domid}.${from}.`, new: `.${domid}.${to}.` }
  const files = (await readdir(USERDATA)).filter((name) => name.startsWith('userdata-') && name.includes(marks.old))
  for (const name of files) await rename(join(USERDATA, name), join(USERDATA, name.replace(marks.old, marks.new)))
}
