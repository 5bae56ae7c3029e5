/**
 * Fields of the guest specification that several keys make together. Each step takes the values that were read under
 * `@name`, and puts what they amount to where the specification has it.
 */
import { entryOf } from '../words/entry-of.ts'
import type { ConfiguredMode } from '../words/mode-names.ts'
import type { GuestSpec } from './guest-spec.ts'
import type { PciSpec } from './device-spec.ts'
import { kernelModes } from './keys/row.ts'
import { configuredMode, type ModeKeys } from './mode-key.ts'

/** What the keys said, by target; and how a step speaks about a target. */
export interface Loose {
  get(target: string): unknown
  set(target: string, value: unknown, from: string): void
  warn(target: string, message: string, fix?: string): void
  refuse(target: string, message: string, fix?: string): void
}

const modeTargets: Readonly<Record<keyof ModeKeys, string>> = {
  mode: '@mode',
  type: '@type',
  builder: '@builder',
  xenPlatformPci: '@xenPlatformPci',
  pvshim: '@pvshim',
}

function combineMode(loose: Loose) {
  const decision = configuredMode({
    mode: loose.get('@mode') as ConfiguredMode | undefined,
    type: loose.get('@type') as string | undefined,
    builder: loose.get('@builder') as string | undefined,
    xenPlatformPci: loose.get('@xenPlatformPci') as boolean | undefined,
    pvshim: loose.get('@pvshim') as boolean | undefined,
  })
  if ('problem' in decision) {
    loose.refuse(modeTargets[decision.problem.key], decision.problem.message, decision.problem.fix)
    return
  }
  for (const { key, message, fix } of decision.remarks) loose.warn(modeTargets[key], message, fix)
  loose.set('mode', decision.mode, '@mode')
}

function combineCommandLine(loose: Loose) {
  const cmdline = loose.get('@cmdline')
  const root = loose.get('@root') as string | undefined
  const extra = loose.get('@extra') as string | undefined
  if (cmdline !== undefined) {
    const besides = root !== undefined ? '@root' : extra !== undefined ? '@extra' : undefined
    if (besides !== undefined) loose.warn(besides, 'ignored, because cmdline is given', 'remove it')
    loose.set('cmdline', cmdline, '@cmdline')
    return
  }
  const parts = [root === undefined ? undefined : `root=${root}`, extra].filter((part) => part !== undefined)
  if (parts.length > 0) loose.set('cmdline', parts.join(' '), root === undefined ? '@extra' : '@root')
}

/** The names that the key firmware knows; everything else is a path. */
const firmwareNames: Readonly<Record<string, string>> = {
  bios: 'bios',
  uefi: 'ovmf',
  seabios: 'seabios',
  rombios: 'rombios',
  ovmf: 'ovmf',
  pvgrub32: 'pvgrub32',
  pvgrub64: 'pvgrub64',
}

function combineFirmware(loose: Loose) {
  const emulated = !isModeIn(kernelModes, loose.get('mode') as ConfiguredMode | undefined)
  const bios = emulated ? loose.get('@bios') : undefined
  if (bios !== undefined) loose.set('firmware', bios, '@bios')
  const override = loose.get('@firmwareOverride')
  if (override !== undefined) loose.set('firmwarePath', override, '@firmwareOverride')
  const firmware = loose.get('@firmware') as string | undefined
  if (firmware === undefined) return
  const name = entryOf(firmwareNames, firmware)
  if (name === undefined) {
    if (emulated) loose.set('firmwarePath', firmware, '@firmware')
    else loose.refuse('@firmware', `there is no firmware "${firmware}" without a device model`, 'pvgrub32 or pvgrub64')
    return
  }
  if (bios !== undefined && bios !== name) loose.warn('@bios', `firmware="${firmware}" counts, not this`, 'remove it')
  // For xl, firmware="bios" leaves in place what the key bios says.
  if (name !== 'bios' || bios === undefined) loose.set('firmware', name, '@firmware')
}

/** Old files name the loader of Xen's own firmware as the kernel; xl drops that. */
function combineKernel(loose: Loose) {
  const kernel = loose.get('kernel') as string | undefined
  if (kernel === undefined || !/(^|\/)hvmloader$/.test(kernel)) return
  if (isModeIn(kernelModes, loose.get('mode') as ConfiguredMode | undefined)) return
  loose.warn(
    'kernel',
    'hvmloader is no kernel, so xl ignores this',
    'remove it; firmware_override is for another hvmloader',
  )
  loose.set('kernel', undefined, 'kernel')
}

const isModeIn = (modes: readonly ConfiguredMode[], mode: ConfiguredMode | undefined): boolean =>
  mode !== undefined && modes.includes(mode)

function combineGraphicsCard(loose: Loose) {
  const vga = loose.get('@vga')
  const stdvga = loose.get('@stdvga')
  if (vga !== undefined) loose.set('vga', vga, '@vga')
  else if (stdvga !== undefined) loose.set('vga', stdvga === true ? 'stdvga' : 'cirrus', '@stdvga')
}

/** Without memory libxl starts a guest with all that it may have (libxl_create.c, libxl__domain_build_info_setdefault). */
function combineMemory(loose: Loose) {
  if (loose.get('memoryMiB') !== undefined) return
  const vnuma = loose.get('vnuma') as GuestSpec['vnuma']
  const most = loose.get('maxMemoryMiB') ?? vnuma?.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0)
  if (most !== undefined) loose.set('memoryMiB', most, vnuma === undefined ? 'maxMemoryMiB' : 'vnuma')
}

const pciDefaults = {
  '@pciPermissive': 'permissive',
  '@pciMsiTranslate': 'msiTranslate',
  '@pciSeize': 'seize',
  '@pciPowerManagement': 'powerManagement',
} as const

/** The pci_* keys are defaults for every device that does not say otherwise. */
function combinePci(loose: Loose) {
  const devices = loose.get('pci') as readonly PciSpec[] | undefined
  const entries = Object.entries(pciDefaults).filter(([target]) => loose.get(target) === true)
  if (devices === undefined || entries.length === 0) return
  const defaults = Object.fromEntries(entries.map(([, name]) => [name, true]))
  loose.set(
    'pci',
    devices.map((device) => ({ ...defaults, ...device })),
    'pci',
  )
}

export const combinations: readonly ((loose: Loose) => void)[] = [
  combineMode,
  combineCommandLine,
  combineKernel,
  combineFirmware,
  combineGraphicsCard,
  combinePci,
  combineMemory,
]
