import { cpuidPolicy } from '../../config/specs/cpuid.ts'
import type { GuestSpec } from '../../config/guest-spec.ts'
import type { LibxlType } from '../../modes/domain-type.ts'
import type { DomainPlan } from '../domain-config.ts'
import type { JsonObject, JsonValue } from '../requests.ts'
import { hvmSection } from './hvm-section.ts'
import { defbool, kibibytes, unlessEmpty, withoutUndefined } from './json.ts'
import { processors } from './processors.ts'

/** libxl_domain_build_info. */
export function buildInfo(plan: DomainPlan): JsonObject {
  const { spec, mode, boot } = plan
  return withoutUndefined({
    ...processors(plan),
    ...memory(spec),
    // Without a claim a create that cannot get its memory fails only after minutes of populating (xl.conf(5), claim_mode).
    claim_mode: 'True',
    kernel: boot.kernel ?? undefined,
    ramdisk: boot.ramdisk ?? undefined,
    cmdline: boot.cmdline ?? undefined,
    tsc_mode: spec.tscMode,
    timer_mode: spec.timerMode,
    nested_hvm: defbool(spec.nestedHvm),
    localtime: defbool(spec.localtime),
    // The field is unsigned, and so libxl reads a guest's clock that is behind.
    rtc_timeoffset: spec.rtcTimeOffsetSeconds === undefined ? undefined : spec.rtcTimeOffsetSeconds >>> 0,
    disable_migrate: defbool(spec.noMigrate),
    exec_ssid_label: spec.initSecurityLabel === undefined ? undefined : spec.securityLabel,
    acpi: defbool(spec.acpi),
    cpuid: spec.cpuid === undefined ? undefined : (cpuidPolicy(spec.cpuid).policy as unknown as JsonValue),
    ...hostResources(spec),
    ...deviceModel(spec),
    ...typeSections[mode.libxlType](plan),
  })
}

const memory = (spec: GuestSpec): Readonly<Record<string, JsonValue | undefined>> => ({
  max_memkb: (spec.maxMemoryMiB ?? vnumaMemoryMiB(spec) ?? spec.memoryMiB) * 1024,
  target_memkb: spec.memoryMiB * 1024,
  shadow_memkb: kibibytes(spec.shadowMemoryMiB),
  video_memkb: kibibytes(spec.videoRamMiB),
  event_channels: spec.maxEventChannels,
  max_grant_frames: spec.maxGrantFrames,
  max_maptrack_frames: spec.maxMaptrackFrames,
  max_grant_version: spec.maxGrantVersion,
})

const vnumaMemoryMiB = ({ vnuma }: GuestSpec): number | undefined =>
  vnuma?.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0)

const hostResources = (spec: GuestSpec): Readonly<Record<string, JsonValue | undefined>> => ({
  ioports: unlessEmpty(spec.ioPorts.map(({ first, count }) => ({ first, number: count }))),
  irqs: unlessEmpty(spec.irqs),
  iomem: unlessEmpty(
    spec.ioMemory.map(({ start, pages, guestFrame }) => withoutUndefined({ start, number: pages, gfn: guestFrame })),
  ),
})

const deviceModel = ({ deviceModel, stubDomain }: GuestSpec): Readonly<Record<string, JsonValue | undefined>> => ({
  device_model_version: deviceModel?.version === undefined ? undefined : 'qemu_xen',
  device_model: deviceModel?.path,
  device_model_user: deviceModel?.user,
  dm_restrict: defbool(deviceModel?.restrict),
  extra: unlessEmpty(deviceModel?.args),
  extra_pv: unlessEmpty(deviceModel?.argsPv),
  extra_hvm: unlessEmpty(deviceModel?.argsHvm),
  device_model_stubdomain: defbool(stubDomain?.enabled),
  device_model_ssid_label: stubDomain?.securityLabel,
  stubdomain_memkb: kibibytes(stubDomain?.memoryMiB),
  stubdomain_kernel: stubDomain?.kernel,
  stubdomain_cmdline: stubDomain?.cmdline,
  stubdomain_ramdisk: stubDomain?.ramdisk,
})

/** The part that libxl keys by its domain type; giving two of them makes libxl abort the process. */
const typeSections: Readonly<Record<LibxlType, (plan: DomainPlan) => JsonObject>> = {
  pv: ({ spec }) => ({
    // A PV guest with PCI devices needs the host's memory map (xl.cfg(5), e820_host).
    'type.pv': withoutUndefined({ e820_host: defbool(spec.pci.length > 0 || spec.e820Host) }),
  }),
  pvh: ({ spec, mode }) => ({
    'type.pvh': withoutUndefined({
      pvshim: defbool(mode.shim || undefined),
      pvshim_path: spec.pvshim?.path,
      pvshim_cmdline: spec.pvshim?.cmdline,
      pvshim_extra: spec.pvshim?.extra,
    }),
  }),
  hvm: (plan) => ({ apic: defbool(plan.spec.apic) ?? undefined, 'type.hvm': hvmSection(plan) }) as JsonObject,
}
