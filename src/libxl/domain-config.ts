/**
 * The plan of a guest as libxl's own JSON (libxl_domain_config, libxl_types.idl): a pure function, so that what libxl
 * would be given can be printed, compared and tested without Xen.
 * What a definition leaves out is left out here too, so that libxl decides it as it does for xl.
 */
import type { GuestSpec, ShutdownAction } from '../config/guest-spec.ts'
import type { Mode } from '../modes/mode.ts'
import type { Uuid } from '../words/ids.ts'
import { buildInfo } from './domain-config/build-info.ts'
import { channelConfigs, diskConfigs, nicConfigs, pciConfigs, vfbConfigs } from './domain-config/devices.ts'
import { defbool, withoutUndefined } from './domain-config/json.ts'
import type { JsonObject } from './requests.ts'

/** The files and words a kernel is started with, as libxl takes them; null where firmware or pvgrub does it. */
export interface BootFilesForLibxl {
  readonly kernel: string | null
  readonly ramdisk: string | null
  readonly cmdline: string | null
}

export interface DomainPlan {
  readonly spec: GuestSpec
  readonly mode: Mode
  readonly uuid: Uuid
  readonly boot: BootFilesForLibxl
}

/** libxl_action_on_shutdown, by the names of xl.cfg(5). */
const actions: Readonly<Record<ShutdownAction, string>> = {
  destroy: 'destroy',
  restart: 'restart',
  'rename-restart': 'restart_rename',
  preserve: 'preserve',
  'coredump-destroy': 'coredump_destroy',
  'coredump-restart': 'coredump_restart',
  'soft-reset': 'soft_reset',
}

export function domainConfig(plan: DomainPlan): JsonObject {
  const { spec, mode } = plan
  return withoutUndefined({
    c_info: createInfo(plan),
    b_info: buildInfo(plan),
    disks: listed(diskConfigs(spec.disks)),
    nics: listed(nicConfigs(spec.nics, mode)),
    pcidevs: listed(pciConfigs(spec.pci)),
    vfbs: listed(vfbConfigs(spec.vfbs)),
    vkbs: listed(spec.vfbs.map((_, devid) => ({ devid }))),
    channels: listed(channelConfigs(spec.channels)),
    on_poweroff: actions[spec.onPoweroff],
    on_reboot: actions[spec.onReboot],
    on_crash: actions[spec.onCrash],
    on_watchdog: actions[spec.onWatchdog],
    on_soft_reset: actions[spec.onSoftReset],
  })
}

const listed = (list: readonly JsonObject[]): readonly JsonObject[] | undefined => (list.length > 0 ? list : undefined)

/** libxl_domain_create_info; domid is left out so that Xen chooses. */
const createInfo = ({ spec, mode, uuid }: DomainPlan): JsonObject =>
  withoutUndefined({
    type: mode.libxlType,
    name: spec.name,
    uuid,
    hap: defbool(spec.hap),
    ssid_label: spec.securityLabel,
    pool_name: spec.pool,
    driver_domain: defbool(spec.driverDomain),
    passthrough: spec.passthrough,
  })
