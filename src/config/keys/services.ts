/** Keys for the device model, stub domains and the guest's place among other domains. */
import { anyText, choice, flag, number, text, texts } from './codecs.ts'
import { deviceModelFailures, deviceModelPolicies } from '../guest-spec.ts'
import { emulatedModes, kernelModes, key, type KeyRow } from './row.ts'

const emulated = { modes: emulatedModes } as const
const should = { support: 'should' } as const

const DEVICE_MODEL_VERSION = choice(['qemu-xen'])

export const deviceModelKeys: readonly KeyRow[] = [
  key(
    'device_model_policy',
    choice(deviceModelPolicies),
    'deviceModelPolicy',
    'What happens when a device needs a QEMU in a mode that does without: "allow", "warn" or "refuse".',
    { own: true, modes: kernelModes },
  ),
  key(
    'on_device_model_failure',
    choice(deviceModelFailures),
    'onDeviceModelFailure',
    'What happens when the QEMU of the guest dies or hangs: "mark" shows and tells it, "destroy" and "restart" act.',
    { own: true },
  ),
  key(
    'device_model_version',
    DEVICE_MODEL_VERSION,
    'deviceModel.version',
    'The device model; only "qemu-xen" is left.',
    {
      libxl: 'b_info.device_model_version',
    },
  ),
  key('device_model_override', text, 'deviceModel.path', 'Another QEMU binary.', {
    libxl: 'b_info.device_model',
    ...should,
  }),
  key('device_model', text, '@deviceModel', "Was the device model of xm's files; xl ignores it too.", {
    support: 'ignored',
    instead: 'use device_model_override',
  }),
  key('device_model_user', text, 'deviceModel.user', 'User that QEMU runs as.', {
    libxl: 'b_info.device_model_user',
    ...should,
  }),
  key('device_model_args', texts, 'deviceModel.args', "Added to QEMU's arguments.", { libxl: 'b_info.extra' }),
  key('device_model_args_pv', texts, 'deviceModel.argsPv', "Added to QEMU's arguments in a PV guest.", {
    libxl: 'b_info.extra_pv',
  }),
  key(
    'device_model_args_hvm',
    texts,
    'deviceModel.argsHvm',
    "Added to QEMU's arguments in a guest with an emulated machine.",
    {
      libxl: 'b_info.extra_hvm',
    },
  ),
  key('dm_restrict', flag, 'deviceModel.restrict', 'Takes rights away from QEMU as far as that works.', {
    libxl: 'b_info.dm_restrict',
    ...emulated,
    ...should,
  }),
  key('device_model_stubdomain_override', flag, 'stubDomain.enabled', 'Runs the device model in a domain of its own.', {
    libxl: 'b_info.device_model_stubdomain',
    ...emulated,
    ...should,
  }),
  key('device_model_stubdomain_seclabel', text, 'stubDomain.securityLabel', 'Security label of that domain.', {
    libxl: 'b_info.device_model_ssid_label',
    ...emulated,
    ...should,
  }),
  key('stubdomain_kernel', text, 'stubDomain.kernel', 'Kernel of that domain.', {
    libxl: 'b_info.stubdomain_kernel',
    ...emulated,
    ...should,
  }),
  key('stubdomain_ramdisk', text, 'stubDomain.ramdisk', 'Ramdisk of that domain.', {
    libxl: 'b_info.stubdomain_ramdisk',
    ...emulated,
    ...should,
  }),
  key('stubdomain_cmdline', anyText, 'stubDomain.cmdline', "Command line of that domain's kernel.", {
    libxl: 'b_info.stubdomain_cmdline',
    ...emulated,
    ...should,
  }),
  key('stubdomain_memory', number, 'stubDomain.memoryMiB', 'Memory of that domain, in MiB.', {
    libxl: 'b_info.stubdomain_memkb',
    ...emulated,
    ...should,
  }),
]

export const domainKeys: readonly KeyRow[] = [
  key('nomigrate', flag, 'noMigrate', 'Forbids migration and saving.', { libxl: 'b_info.disable_migrate', ...should }),
  key('driver_domain', flag, 'driverDomain', 'The guest serves devices to other guests.', {
    libxl: 'c_info.driver_domain',
    ...should,
  }),
  key('seclabel', text, 'securityLabel', "Label for Xen's security modules.", {
    libxl: 'c_info.ssid_label',
    ...should,
  }),
  key('init_seclabel', text, 'initSecurityLabel', 'Label while the guest is built.', {
    libxl: 'c_info.ssid_label',
    ...should,
  }),
]
