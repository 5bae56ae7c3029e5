/**
 * What a guest is, after its definition was read and before a mode was chosen: one strict, immutable value that the
 * loader makes from an xl.cfg file, that the API takes and returns as JSON, and that the modes and planners read.
 *
 * It holds what the user said. A field that is left out means "as libxl decides"; fields with a default here
 * have the one xl gives them. What each field does, in which modes, stands in the key table (keys/).
 */
import { z } from 'zod'
import { READY_FORMS, parseReady } from './ready.ts'
import { configuredModes } from '../words/mode-names.ts'
import { isGuestName } from '../words/ids.ts'
import { contradictionsIn } from './guest-checks.ts'
import { PlatformFields } from './platform-fields.ts'
import { flag, int32, list, mebibytes, text, uint32 } from './spec-values.ts'
import { smbiosKeys } from './specs/smbios.ts'
import {
  ChannelSpec,
  DiskSpec,
  NicSpec,
  P9Spec,
  PciSpec,
  SdlSpec,
  UsbControllerSpec,
  UsbDeviceSpec,
  VfbSpec,
  VncSpec,
  VtpmSpec,
} from './device-spec.ts'

const guestNameText = z
  .string()
  .refine(isGuestName, 'expected letters, digits and . _ + - after a first letter or digit, at most 63 in all')

/** What happens to a domain when it stops; libxl_action_on_shutdown, xl.cfg(5) EVENT ACTIONS. */
export const shutdownActions = [
  'destroy',
  'restart',
  'rename-restart',
  'preserve',
  'coredump-destroy',
  'coredump-restart',
  'soft-reset',
] as const
export type ShutdownAction = (typeof shutdownActions)[number]
const shutdownAction = z.enum(shutdownActions)
/** `shutdown-or-save`: it is saved when it does not shut down in time. */
export const hostShutdownActions = ['shutdown', 'shutdown-or-save', 'save'] as const

export const deviceModelPolicies = ['allow', 'warn', 'refuse'] as const
export type DeviceModelPolicy = (typeof deviceModelPolicies)[number]

/** What happens to a guest whose QEMU died or hangs. */
export const deviceModelFailures = ['mark', 'destroy', 'restart'] as const
export type DeviceModelFailure = (typeof deviceModelFailures)[number]

/** A set of host CPUs in xl's words: `all`, `2,4-7,^5`, `nodes:0-1,^node:1`. */
const cpuSet = z
  .string()
  .regex(
    /^(all|\^?(nodes?:)?\d{1,5}(-\d{1,5})?)(,(all|\^?(nodes?:)?\d{1,5}(-\d{1,5})?))*$/,
    'expected processors such as 0-3,^2',
  )
/** One set for every vCPU, or a list with one set per vCPU. */
const affinity = z.union([cpuSet, list(cpuSet)])

const IdentityFields = {
  name: guestNameText,
  uuid: z.guid().toLowerCase().optional(),
  description: z.string().max(4096).optional(),
  tags: list(z.string().min(1).max(64)).default([]),
  /** The mode asked for; `auto` has it chosen at each start. */
  mode: z.enum(configuredModes).default('auto'),
}

const LifecycleFields = {
  autostart: z.boolean().default(false),
  startAfter: list(guestNameText).default([]),
  startDelaySeconds: z.int().min(0).max(86_400).default(0),
  /** Domains of it that are built ahead of the guests that are made after it. */
  prepare: z.int().min(0).max(64).default(0),
  /** When the guest counts as ready for those that start after it; left out, as soon as it runs. */
  ready: text.refine((value) => parseReady(value) !== null, `expected ${READY_FORMS}`).optional(),
  /** How long it may take to become ready; left out, the daemon's own. */
  readyTimeoutSeconds: z.int().min(1).max(86_400).optional(),
  /** How long a clean shutdown may take; left out, the daemon's own. */
  shutdownTimeoutSeconds: z.int().min(1).max(86_400).optional(),
  /** What becomes of it when the host goes down. */
  onHostShutdown: z.enum(hostShutdownActions).default('shutdown'),
  onPoweroff: shutdownAction.default('destroy'),
  onReboot: shutdownAction.default('restart'),
  onCrash: shutdownAction.default('destroy'),
  onWatchdog: shutdownAction.default('destroy'),
  onSoftReset: shutdownAction.default('soft-reset'),
}

const ProcessorAndMemoryFields = {
  memoryMiB: mebibytes.min(1).default(32),
  /** The most it can be ballooned to; left out, the same as memoryMiB. */
  maxMemoryMiB: mebibytes.min(1).optional(),
  shadowMemoryMiB: mebibytes.optional(),
  vcpus: z.int().min(1).max(512).default(1),
  /** The most that can be plugged in; left out, the same as vcpus. */
  maxVcpus: z.int().min(1).max(512).optional(),
  cpus: affinity.optional(),
  cpusSoft: affinity.optional(),
  pool: text.optional(),
  scheduler: z
    .strictObject({
      weight: z.int().min(1).max(65535).optional(),
      /** Percent of one physical CPU; 0 is no limit. */
      cap: z.int().min(0).max(65535).optional(),
      period: int32.optional(),
      slice: int32.optional(),
      latency: int32.optional(),
      extratime: int32.optional(),
    })
    .readonly()
    .optional(),
  vnuma: list(
    z
      .strictObject({
        physicalNode: uint32,
        memoryMiB: mebibytes,
        vcpus: list(z.int().min(0).max(511)),
        distances: list(uint32),
      })
      .readonly(),
  ).optional(),
  maxGrantFrames: int32.optional(),
  maxMaptrackFrames: int32.optional(),
  maxGrantVersion: int32.optional(),
  maxEventChannels: uint32.optional(),
}

const BootFields = {
  kernel: text.optional(),
  ramdisk: text.optional(),
  cmdline: z.string().max(8191).optional(),
  /** The program that finds the kernel on the guest's disk; `pygrub` is our own. */
  bootloader: text.optional(),
  bootloaderArgs: list(z.string().max(4096)).default([]),
  bootloaderRestrict: flag,
  bootloaderUser: text.optional(),
  /** bios, seabios, rombios, ovmf for guests with a device model; pvgrub32, pvgrub64 for those without. */
  firmware: z.enum(['bios', 'seabios', 'rombios', 'ovmf', 'pvgrub32', 'pvgrub64']).optional(),
  /** A blob in place of hvmloader. */
  firmwarePath: text.optional(),
  /** A blob in place of the BIOS or UEFI that `firmware` names. */
  biosPath: text.optional(),
  /** QEMU's letters: a floppy, c disk, d CD, n network; tried from the left. */
  bootOrder: z
    .string()
    .regex(/^[a-p]{1,16}$/, 'expected letters from a to p, such as cd')
    .optional(),
  acpiFirmware: text.optional(),
  smbiosFirmware: text.optional(),
  smbios: list(z.strictObject({ key: z.enum(smbiosKeys), value: text }).readonly()).default([]),
  pvshim: z
    .strictObject({ path: text.optional(), cmdline: text.optional(), extra: text.optional() })
    .readonly()
    .optional(),
}

const DeviceFields = {
  disks: list(DiskSpec).default([]),
  nics: list(NicSpec).default([]),
  vfbs: list(VfbSpec).default([]),
  pci: list(PciSpec).default([]),
  usbControllers: list(UsbControllerSpec).default([]),
  usbDevices: list(UsbDeviceSpec).default([]),
  channels: list(ChannelSpec).default([]),
  p9: list(P9Spec).default([]),
  vtpms: list(VtpmSpec).default([]),
  /** One QEMU -serial argument per port: pty, null, stdio, tcp:… */
  serial: list(text).default([]),
  /** Emulated USB bus and what is on it: tablet, mouse, host:… */
  usb: flag,
  usbVersion: z.int().min(0).max(3).optional(),
  usbPeripherals: list(text).default([]),
  vga: z.enum(['stdvga', 'cirrus', 'qxl', 'none']).optional(),
  videoRamMiB: mebibytes.optional(),
  /** Graphics console of the device model, or of a framebuffer made for it in a PV guest. */
  vnc: VncSpec.optional(),
  sdl: SdlSpec.optional(),
  keymap: text.optional(),
  nographic: flag,
  vkbDevice: flag,
  soundHardware: text.optional(),
  hdType: z.enum(['ide', 'ahci']).optional(),
  gfxPassthrough: z.union([z.boolean(), z.enum(['default', 'igd'])]).optional(),
  vendorDevice: z.enum(['none', 'xenserver']).optional(),
  spice: z
    .strictObject({
      enabled: flag,
      host: text.optional(),
      port: z.int().min(0).max(65535).optional(),
      tlsPort: z.int().min(0).max(65535).optional(),
      password: z.string().max(255).optional(),
      disableTicketing: flag,
      agentMouse: flag,
      vdagent: flag,
      clipboardSharing: flag,
      usbRedirection: z.int().min(0).max(16).optional(),
      imageCompression: text.optional(),
      streamingVideo: text.optional(),
    })
    .readonly()
    .optional(),
}

const ServiceFields = {
  /** What happens when a device needs a QEMU in a mode that does without; left out, the daemon's own policy. */
  deviceModelPolicy: z.enum(deviceModelPolicies).optional(),
  /** What happens when its QEMU died or hangs; left out, the daemon's own policy. */
  onDeviceModelFailure: z.enum(deviceModelFailures).optional(),
  noMigrate: flag,
  driverDomain: flag,
  securityLabel: text.optional(),
  initSecurityLabel: text.optional(),
  deviceModel: z
    .strictObject({
      version: z.literal('qemu-xen').optional(),
      path: text.optional(),
      user: text.optional(),
      restrict: flag,
      args: list(text).optional(),
      argsPv: list(text).optional(),
      argsHvm: list(text).optional(),
    })
    .readonly()
    .optional(),
  stubDomain: z
    .strictObject({
      enabled: flag,
      kernel: text.optional(),
      ramdisk: text.optional(),
      cmdline: text.optional(),
      memoryMiB: mebibytes.optional(),
      securityLabel: text.optional(),
    })
    .readonly()
    .optional(),
}

export const GuestSpec = z
  .strictObject({
    ...IdentityFields,
    ...LifecycleFields,
    ...ProcessorAndMemoryFields,
    ...BootFields,
    ...DeviceFields,
    ...PlatformFields,
    ...ServiceFields,
  })
  .check(({ value, issues }) => {
    for (const { path, message } of contradictionsIn(value))
      issues.push({ code: 'custom', path: [...path], message, input: value })
  })
  .readonly()

export type GuestSpec = z.infer<typeof GuestSpec>
/** What may be written: fields with a default may be left out. */
export type GuestSpecInput = z.input<typeof GuestSpec>
