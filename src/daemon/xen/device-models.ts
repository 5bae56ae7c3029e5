/** The QEMU processes of this host: whether they live, what they wrote, and how one that hangs is ended. */
import { access, stat } from 'node:fs/promises'
import type { DaemonConfig } from '../../config/daemon-config.ts'
import type { JsonObject } from '../../libxl/requests.ts'
import { processUsage, servesDomain } from '../../qemu/device-model.ts'
import { likelyCause } from '../../qemu/likely-cause.ts'
import { boundLog, lastLines, qemuLogOf } from '../../qemu/log.ts'
import { QemuLooks } from '../../qemu/looks.ts'
import { TetrarchError } from '../../words/errors.ts'
import type { Domid } from '../../words/ids.ts'
import type { XenstoreClient } from '../../xenstore/client.ts'
import { domainName } from '../../xenstore/paths.ts'
import type { DeviceModelCheck, Host, Operation } from '../host.ts'

type DeviceModels = Pick<Host, 'checkDeviceModel' | 'deviceModelUsage' | 'endDeviceModel'>

export function deviceModels(xenstore: XenstoreClient, config: DaemonConfig['deviceModel']): DeviceModels {
  const looks = new QemuLooks(config)
  const logByName = async (domid: Domid): Promise<string | null> => {
    const name = await xenstore.readText(domainName(domid)).catch(() => null)
    return name === null ? null : qemuLogOf(name)
  }
  return {
    async checkDeviceModel(domid, pid): Promise<DeviceModelCheck> {
      const { check, log: own } = await looks.look(domid, pid)
      const log = own ?? (await logByName(domid))
      if (log !== null) await boundLog(log, { maxBytes: config.logMaxBytes, keepBytes: config.logBytes })
      return check.found === 'well' ? check : { ...check, lastWords: await lastLines(log, config.logBytes) }
    },
    async deviceModelUsage(pid) {
      const usage = await processUsage(pid)
      return usage && { memoryMiB: usage.proportionalKiB / 1024, cpuSeconds: usage.cpuSeconds }
    },
    async endDeviceModel(domid, pid) {
      if (await servesDomain(pid, domid, '/proc')) process.kill(pid, 'SIGKILL')
    },
  }
}

/** A start that failed because QEMU did, told in QEMU's own words and with the likely cause. */
export async function buildWithDeviceModel(
  build: Host['build'],
  config: JsonObject,
  operation: Operation,
  logBytes: number,
): Promise<Domid> {
  const begun = Date.now()
  try {
    return await build(config, operation)
  } catch (thrown) {
    throw await explainDeviceModel(thrown, config, { begun, logBytes })
  }
}

/** What libxl says when QEMU did not come up (libxl_dm.c, device_model_startup_failed; libxl_exec.c, libxl__spawn). */
const DID_NOT_START = /device model|domain_devstates_ready|Device Model|spawn.*device-model|qemu/i

async function explainDeviceModel(
  thrown: unknown,
  config: JsonObject,
  { begun, logBytes }: { readonly begun: number; readonly logBytes: number },
): Promise<unknown> {
  if (!(thrown instanceof TetrarchError) || thrown.code !== 'libxl-failed') return thrown
  const libxl = thrown.parts.evidence ?? []
  if (!libxl.some((line) => DID_NOT_START.test(line))) return thrown
  const log = qemuLogOf(nameIn(config))
  const qemu = log !== null && (await isNewer(log, begun)) ? await lastLines(log, logBytes) : []
  const cause = likelyCause({
    qemu,
    libxl,
    tun: (await isThere('/dev/net/tun')) ? 'there' : 'missing',
    emulatedNic: hasEmulatedNic(config),
  })
  return new TetrarchError(
    'device-model-failed',
    {
      ...thrown.parts,
      what: `the QEMU of "${nameIn(config)}" did not start`,
      why: cause?.why ?? (qemu.length === 0 ? 'it ended without a word' : 'its own words are below'),
      fix: cause?.fix ?? `see ${log ?? '/var/log/xen'}, and libxl's words below`,
      evidence: [...qemu.map((line) => `qemu: ${line}`), ...libxl],
    },
    { cause: thrown },
  )
}

function nameIn(config: JsonObject): string {
  const info = config['c_info']
  const name = (info as JsonObject | undefined)?.['name']
  return typeof name === 'string' ? name : ''
}

/** libxl emulates a card unless it is told `vif` (libxl_nic.c, libxl__device_nic_setdefault). */
function hasEmulatedNic(config: JsonObject): boolean {
  const nics = config['nics']
  return (
    JSON.stringify(config).includes('"type.hvm"') &&
    Array.isArray(nics) &&
    JSON.stringify(nics) !== '[]' &&
    (nics as readonly JsonObject[]).some((nic) => nic['nictype'] !== 'vif')
  )
}

/** A second of grace: file systems keep coarser times than clocks. */
const isNewer = (file: string, than: number): Promise<boolean> =>
  stat(file).then(
    ({ mtimeMs }) => mtimeMs > than - 1000,
    () => false,
  )

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  )
