/** What a conversion would change, found out without changing anything. */
import type { ConversionPlan } from '../../../api/conversion.ts'
import { changesBetween } from '../../../config/changes.ts'
import type { GuestSpec } from '../../../config/guest-spec.ts'
import { rewriteGuest } from '../../../config/rewrite.ts'
import { bootWay } from '../../../modes/boot-way.ts'
import { decide, fixedMode } from '../../../modes/choose.ts'
import { type GuestSystem, needsOf } from '../../../modes/conversion-needs.ts'
import { consolesOf, convertSpec, deviceNames } from '../../../modes/convert.ts'
import { deviceModelReasons } from '../../../modes/device-model.ts'
import type { KernelFinding } from '../../../modes/facts.ts'
import type { BootWay, Mode } from '../../../modes/mode.ts'
import { judge } from '../../../modes/verdict.ts'
import { diskOfSystem } from '../../../pygrub/guest-boot.ts'
import { fail } from '../../../words/errors.ts'
import type { Operation } from '../../host.ts'
import type { Context } from '../context.ts'
import { findKernel, isNothingToBoot, whyNone } from '../find-kernel.ts'
import type { Definition, GuestEntry } from '../guest-entry.ts'
import { revisionOf } from '../guests-folder.ts'

/** A disk of which nothing is known. */
const UNKNOWN: GuestSystem = {
  name: null,
  commandLine: null,
  mounts: [],
  biosBoot: true,
  efiBoot: true,
  pvDisk: 'unknown',
  pvNic: 'unknown',
}

export interface PlannedConversion {
  readonly old: Definition
  readonly from: Mode
  readonly to: Mode
  readonly plan: ConversionPlan
}

/** Rejects with `wrong-state` for a guest that has no file to change, or that is in this mode already. */
export async function planConversion(
  context: Context,
  entry: GuestEntry,
  to: Mode,
  operation: Operation,
): Promise<PlannedConversion> {
  const old = mustBeConvertible(context, entry)
  const { spec } = old
  const host = await context.host.facts()
  const system = await systemOf(context, spec)
  const from = fixedMode(spec) ?? entry.run?.mode ?? decide(spec, host, await kernelOf(context, spec, operation)).mode
  if (fixedMode(spec) === to)
    throw fail('wrong-state', {
      what: `"${spec.name}" is defined as ${to.title} already`,
      fix: 'nothing is to be done',
    })
  const converted = convertSpec(spec, from, to)
  const { possible, reasons } = judge(to, converted, host, await kernelOf(context, converted, operation))
  const needs = needsOf({ spec, converted, from, to, system })
  const plan: ConversionPlan = {
    guest: spec.name,
    from: from.name,
    to: to.name,
    possible: possible && needs.every(({ weight }) => weight !== 'cannot'),
    changes: changesBetween(spec, converted).map((change) => ({ ...change })),
    text: rewriteGuest(old.text, spec, converted),
    revision: revisionOf(old.text),
    boot: { before: bootText(spec), after: bootText(converted) },
    deviceModel: { before: hasDeviceModel(spec, from), after: hasDeviceModel(converted, to) },
    names: deviceNames(spec, from, to).map((name) => ({ ...name })),
    console: { before: [...consolesOf(spec, from)], after: [...consolesOf(converted, to)] },
    commandLine: system.commandLine,
    system: system.name,
    needs: needs.map((need) => ({ ...need })),
    reasons: reasons.map((reason) => ({ ...reason })),
  }
  return { old, from, to, plan }
}

/** Throws `mode-refused` with everything that is known to keep the guest from coming up. */
export function mustBePossible({ plan, to }: PlannedConversion): void {
  if (plan.possible) return
  const needs = plan.needs
    .filter(({ weight }) => weight === 'cannot')
    .map(({ what, seen, fix }) => ({ why: `it needs ${what}: ${seen}`, fix }))
  const against = [...plan.reasons.filter(({ weight }) => weight === 'cannot'), ...needs]
  throw fail('mode-refused', {
    what: `"${plan.guest}" cannot be converted to ${to.title}`,
    why: against.map(({ why }) => why).join('; '),
    fix: `${against.flatMap(({ fix }) => fix ?? []).join('; ')}; the whole plan: tetrarch convert ${plan.guest} --to ${to.name} --plan`,
  })
}

function mustBeConvertible({ definitions }: Context, { name, managed, defined, onDisk }: GuestEntry): Definition {
  const problem = definitions.problemOf(name)
  if (problem !== null) throw problem
  if (managed && defined && onDisk !== null) return onDisk
  throw fail('wrong-state', {
    what: `"${name}" cannot be converted`,
    why: 'its definition is not kept here, so none can be changed and put back',
    fix: 'keep it first: tetrarch define FILE',
  })
}

async function systemOf({ host }: Context, spec: GuestSpec): Promise<GuestSystem> {
  const disk = diskOfSystem(spec)
  if (disk === null) return UNKNOWN
  try {
    return await host.guestSystem(disk)
  } catch (thrown) {
    if (isNothingToBoot(thrown)) return UNKNOWN
    throw thrown
  }
}

async function kernelOf({ host }: Context, spec: GuestSpec, operation: Operation): Promise<KernelFinding> {
  try {
    const { boot, finding } = await findKernel(host, spec, operation)
    await host.releaseBoot(boot)
    return finding
  } catch (thrown) {
    if (isNothingToBoot(thrown)) return { found: 'none', why: whyNone(thrown) }
    throw thrown
  }
}

const hasDeviceModel = (spec: GuestSpec, mode: Mode): boolean => deviceModelReasons(spec, mode).length > 0

const bootTexts: Readonly<Record<BootWay, (spec: GuestSpec) => string>> = {
  kernel: ({ kernel }) => `the kernel ${kernel ?? ''} of dom0`,
  'boot-loader': () => 'the kernel that dom0 finds in the boot menu on its disk',
  pvgrub: ({ firmware }) => `${firmware ?? 'pvgrub'}, which reads the boot menu on its disk`,
  firmware: ({ firmware }) =>
    `${firmware === 'ovmf' ? 'UEFI (OVMF)' : 'a BIOS (SeaBIOS)'}, which starts the boot loader on its disk`,
}
const bootText = (spec: GuestSpec): string => bootTexts[bootWay(spec)](spec)
