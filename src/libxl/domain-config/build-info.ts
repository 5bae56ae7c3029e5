import type { GuestSpec } from '../../config/guest-spec.ts'
import type { LibxlType } from '../../modes/mode.ts'
import type { DomainPlan } from '../domain-config.ts'
import type { JsonObject } from '../requests.ts'
import { defbool, firstBits, kibibytes, unlessEmpty, withoutUndefined } from './json.ts'
import { hvmSection } from './hvm-section.ts'

/** libxl_domain_build_info. */
export function buildInfo(plan: DomainPlan): JsonObject {
  const { spec, mode, boot } = plan
  const memoryKiB = spec.memoryMiB * 1024
  return withoutUndefined({
    max_vcpus: spec.maxVcpus ?? spec.vcpus,
    avail_vcpus: firstBits(spec.vcpus),
    max_memkb: kibibytes(spec.maxMemoryMiB) ?? memoryKiB,
    target_memkb: memoryKiB,
    shadow_memkb: kibibytes(spec.shadowMemoryMiB),
    // Without a claim a create that cannot get its memory fails only after minutes of populating (xl.conf(5), claim_mode).
    claim_mode: 'True',
    kernel: boot.kernel ?? undefined,
    ramdisk: boot.ramdisk ?? undefined,
    cmdline: boot.cmdline ?? undefined,
    sched_params: schedulerParams(spec.scheduler),
    tsc_mode: spec.tscMode,
    timer_mode: spec.timerMode,
    nested_hvm: defbool(spec.nestedHvm),
    localtime: defbool(spec.localtime),
    rtc_timeoffset: spec.rtcTimeOffsetSeconds,
    disable_migrate: defbool(spec.noMigrate),
    acpi: defbool(spec.acpi),
    apic: defbool(spec.apic),
    event_channels: spec.maxEventChannels,
    max_grant_frames: spec.maxGrantFrames,
    max_maptrack_frames: spec.maxMaptrackFrames,
    device_model_version: spec.deviceModel?.version === undefined ? undefined : 'qemu_xen',
    device_model: spec.deviceModel?.path,
    device_model_user: spec.deviceModel?.user,
    dm_restrict: defbool(spec.deviceModel?.restrict),
    extra: unlessEmpty(spec.deviceModel?.args),
    extra_pv: unlessEmpty(spec.deviceModel?.argsPv),
    extra_hvm: unlessEmpty(spec.deviceModel?.argsHvm),
    ...typeSections[mode.libxlType](plan),
  })
}

/** The part that libxl keys by its domain type; giving two of them makes libxl abort the process. */
const typeSections: Readonly<Record<LibxlType, (plan: DomainPlan) => JsonObject>> = {
  pv: ({ spec }) => ({ 'type.pv': withoutUndefined({ e820_host: defbool(spec.e820Host) }) }),
  pvh: ({ spec, mode }) => ({
    'type.pvh': withoutUndefined({
      pvshim: defbool(mode.shim || undefined),
      pvshim_path: spec.pvshim?.path,
      pvshim_cmdline: spec.pvshim?.cmdline,
      pvshim_extra: spec.pvshim?.extra,
    }),
  }),
  hvm: (plan) => ({ 'type.hvm': hvmSection(plan) }),
}

function schedulerParams(scheduler: GuestSpec['scheduler']): JsonObject | undefined {
  if (scheduler === undefined) return undefined
  const { weight, cap, period, extratime } = scheduler
  return withoutUndefined({ weight, cap, period, extratime })
}
