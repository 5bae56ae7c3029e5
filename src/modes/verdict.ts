import type { GuestSpec } from '../config/guest-spec.ts'
import { type Capability, capabilityFacts } from '../words/capabilities.ts'
import { deviceModelReasons } from './device-model.ts'
import type { HostFacts, KernelFacts, KernelFinding } from './facts.ts'
import { featuresOf, hostNeeds } from './features.ts'
import { allModes } from './index.ts'
import type { Mode, Objection } from './mode.ts'

/** Why a guest cannot run in a mode, or what it should know if it does. */
export interface Reason {
  readonly weight: 'cannot' | 'but'
  /** Whether the host, the definition or the guest's kernel stands in the way. */
  readonly about: 'host' | 'definition' | 'kernel'
  /** Where it shows, such as `vga="stdvga"`; null when it is not in the definition. */
  readonly seenIn: string | null
  readonly why: string
  /** What to do about it; null where nothing helps but another mode. */
  readonly fix: string | null
}

export interface Verdict {
  readonly mode: Mode
  readonly possible: boolean
  readonly reasons: readonly Reason[]
}

/** A reason as one sentence: what, why, and what to do. */
export const sentenceOf = ({ seenIn, why, fix }: Reason): string =>
  `${seenIn === null ? '' : `${seenIn}: `}${why}${fix === null ? '' : `; ${fix}`}`

/** Whether this guest can run in this mode on this host, and every reason for or against. A null host is not judged. */
export function judge(mode: Mode, spec: GuestSpec, host: HostFacts | null, kernel: KernelFinding): Verdict {
  const reasons = [
    ...hostReasons(mode, host, spec),
    ...definitionReasons(mode, spec),
    ...kernelReasons(mode, spec, host, kernel),
    ...deviceModelBurden(mode, spec),
  ]
  return { mode, reasons, possible: reasons.every(({ weight }) => weight !== 'cannot') }
}

/** What of a host stands against a mode, whatever the guest; with a guest, what its devices need of the host too. */
export function hostReasons(mode: Mode, host: HostFacts | null, spec?: GuestSpec): readonly Reason[] {
  if (host === null) return []
  const ofMode = mode.needs.filter((need) => !(need === 'shim' && spec?.pvshim?.path !== undefined))
  const ofDevices =
    spec === undefined
      ? []
      : featuresOf(spec).flatMap(({ feature, seenIn }) => {
          const need = mode.refuses[feature] === undefined ? hostNeeds[feature] : undefined
          return need === undefined ? [] : missing(host, need, seenIn)
        })
  return [...ofMode.flatMap((need) => missing(host, need, mode.title)), ...ofDevices]
}

function missing({ capabilities }: HostFacts, need: Capability, who: string): readonly Reason[] {
  if (capabilities.has(need)) return []
  const { means, fix, otherwise } = capabilityFacts[need]
  const lacks = `${who} needs ${means}, which this host lacks`
  if (otherwise === undefined || !capabilities.has(otherwise.capability))
    return [{ weight: 'cannot', about: 'host', seenIn: null, why: lacks, fix }]
  return [{ weight: 'but', about: 'host', seenIn: null, why: `this host lacks ${means}: ${otherwise.price}`, fix }]
}

function definitionReasons(mode: Mode, spec: GuestSpec): readonly Reason[] {
  return featuresOf(spec).flatMap(({ feature, seenIn }): Reason[] => {
    const refused = mode.refuses[feature]
    if (refused !== undefined) return [{ weight: 'cannot', about: 'definition', seenIn, ...refused }]
    const known = mode.withoutEffect[feature] ?? mode.drawbacks[feature]
    return known === undefined ? [] : [{ weight: 'but', about: 'definition', seenIn, ...known }]
  })
}

function kernelReasons(mode: Mode, spec: GuestSpec, host: HostFacts | null, kernel: KernelFinding): readonly Reason[] {
  const because = (weight: Reason['weight'], { why, fix }: Objection): Reason[] => [
    { weight, about: 'kernel', seenIn: null, why, fix },
  ]
  if (mode.kernel === null) {
    const ownBoot = spec.kernel === undefined && kernel.found === 'kernel'
    return ownBoot && mode.diskNeeds !== null ? because('but', mode.diskNeeds) : []
  }
  if (kernel.found === 'none') {
    const fix = 'install a kernel and its boot menu in the guest, or give kernel=, or use mode="pvhvm"'
    return because('cannot', { why: kernel.why, fix })
  }
  return kernel.found === 'kernel' ? noteReasons(mode, mode.kernel, kernel.facts, host) : []
}

const notes = {
  pv: { lacks: 'the Xen ELF notes of a PV kernel', fix: 'use mode="pvh" or "pvhvm", or a kernel with CONFIG_XEN_PV' },
  pvh: {
    lacks: 'the ELF note PHYS32_ENTRY',
    fix: 'use mode="pv", or a kernel with CONFIG_PVH (Linux 4.11 or later)',
  },
} as const

function noteReasons(
  mode: Mode,
  { wants, because }: NonNullable<Mode['kernel']>,
  { version, bits, canPv, canPvh }: KernelFacts,
  host: HostFacts | null,
): readonly Reason[] {
  const name = version === null ? 'its kernel' : `its kernel ${shortVersion(version)}`
  const able = canEnter({ canPv, canPvh }, wants)
  const { lacks, fix } = notes[wants]
  const kernel = { about: 'kernel', seenIn: null } as const
  if (!able) return [{ ...kernel, weight: 'cannot', why: `${name} lacks ${lacks}, and ${because}`, fix }]
  // The shim brings its own Xen, and a PVH kernel of 32 bits enters as one of 64 does.
  if (bits === 64 || mode.shim || wants !== 'pv' || host === null) return []
  return missing(host, 'pv32', `${name}, of 32 bits,`).map((reason) => ({ ...reason, about: 'kernel' }))
}

/** The part of Linux' version string that people know it by: `6.1.0-56-amd64`. */
export const shortVersion = (version: string): string => version.split(' ')[0] ?? version

/** A QEMU in a mode that could do without one. */
function deviceModelBurden(mode: Mode, spec: GuestSpec): readonly Reason[] {
  if (mode.deviceModel === 'always') return []
  return deviceModelReasons(spec, mode).map(({ why, fix }) => ({
    weight: 'but',
    about: 'definition',
    seenIn: null,
    why: `it gets a QEMU: ${why}`,
    fix,
  }))
}

type Entries = Pick<KernelFacts, 'canPv' | 'canPvh'>

const canEnter = ({ canPv, canPvh }: Entries, wants: 'pv' | 'pvh'): boolean => ({ pv: canPv, pvh: canPvh })[wants]

/** The modes that can be started with this kernel from the guest's own disk. */
export const modesOfKernel = (kernel: Entries): readonly Mode[] =>
  allModes.filter(
    ({ kernel: entry, boot }) => boot.includes('boot-loader') && entry !== null && canEnter(kernel, entry.wants),
  )
