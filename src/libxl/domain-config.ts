/**
 * The plan of a guest as libxl's own JSON (libxl_domain_config, libxl_types.idl): a pure function, so that what libxl
 * would be given can be printed, compared and tested without Xen.
 * What a definition leaves out is left out here too, so that libxl decides it as it does for xl.
 */
import type { GuestSpec, ShutdownAction } from '../config/guest-spec.ts'
import type { HostCpus } from '../config/specs/cpus.ts'
import type { Mode } from '../modes/mode.ts'
import type { Uuid } from '../words/ids.ts'
import { buildInfo } from './domain-config/build-info.ts'
import { framebuffers } from './domain-config/consoles.ts'
import { diskConfigs, nicConfigs, pciConfigs } from './domain-config/devices.ts'
import { defbool, withoutUndefined } from './domain-config/json.ts'
import {
  channelConfigs,
  p9Configs,
  usbControllerConfigs,
  usbDeviceConfigs,
  vtpmConfigs,
} from './domain-config/shared-devices.ts'
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
  /** 16 random bytes, for a guest that is to have a new generation ID. */
  readonly generationId: readonly number[]
  /** The host's processors, which sets of them are resolved against. */
  readonly hostCpus: HostCpus
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

/** Throws `host-lacks` for a set of processors by NUMA node on a host whose nodes are not known. */
export function domainConfig(plan: DomainPlan): JsonObject {
  const { spec, mode } = plan
  const vfbs = framebuffers(spec, mode)
  return withoutUndefined({
    c_info: createInfo(plan),
    b_info: buildInfo(plan),
    disks: listed(diskConfigs(spec.disks)),
    nics: listed(nicConfigs(spec.nics, mode)),
    pcidevs: listed(pciConfigs(spec.pci)),
    vfbs: listed(vfbs),
    // Each framebuffer has a keyboard.
    vkbs: listed(vfbs.map((_, devid) => ({ devid }))),
    vtpms: listed(vtpmConfigs(spec.vtpms)),
    p9s: listed(p9Configs(spec.p9)),
    channels: listed(channelConfigs(spec.channels)),
    usbctrls: listed(usbControllerConfigs(spec.usbControllers)),
    usbdevs: listed(usbDeviceConfigs(spec.usbDevices)),
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
    // A label for the time of building moves the other one to the time of running (xl.cfg(5), init_seclabel).
    ssid_label: spec.initSecurityLabel ?? spec.securityLabel,
    pool_name: spec.pool,
    run_hotplug_scripts: 'True',
    driver_domain: defbool(spec.driverDomain),
    passthrough: spec.passthrough,
  })
