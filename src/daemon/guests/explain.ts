/** Why a guest gets its mode: the same choice and the same checks as a start makes, without starting anything. */
import type { Explanation } from '../../api/explanation.ts'
import { toProblem } from '../../api/problem.ts'
import type { GuestSpec } from '../../config/guest-spec.ts'
import { withNicDefaults } from '../../config/nic-defaults.ts'
import { type Choice, decide } from '../../modes/choose.ts'
import { deviceModelReasons } from '../../modes/device-model.ts'
import { type HostFacts, type KernelFinding, NOT_LOOKED_FOR } from '../../modes/facts.ts'
import { allModes } from '../../modes/index.ts'
import type { Mode } from '../../modes/mode.ts'
import { type Verdict, judge } from '../../modes/verdict.ts'
import { TetrarchError, asTetrarchError } from '../../words/errors.ts'
import type { BootSource, Host, Operation } from '../host.ts'
import type { Context } from './context.ts'
import { deviceModelPolicyOf, mayHaveDeviceModel } from './device-model-policy.ts'
import { NO_KERNEL, findKernel, isNothingToBoot, whyNone } from './find-kernel.ts'
import { type Definition, type GuestEntry, type Run } from './guest-entry.ts'

/** All that the explanation rests on. */
interface Facts {
  readonly host: HostFacts
  readonly kernel: KernelFinding
  readonly boot: BootSource
  /** What went wrong while the facts were gathered, and would at a start. */
  readonly problems: readonly TetrarchError[]
}

/** No guest has such a name. */
const QUEUE = ' explain'

/** Explains what the next start of a guest would be; `entry` is null for a definition that is no guest yet. */
export async function explain(
  context: Context,
  definition: Definition,
  entry: GuestEntry | null,
): Promise<Explanation> {
  const { spec, file } = definition
  const gathered = Promise.withResolvers<Facts>()
  // One at a time: each may read a whole kernel from a disk, for whoever asks.
  context.queues.enqueue(QUEUE, () => gather(context, spec).then(gathered.resolve, gathered.reject))
  const facts = await gathered.promise
  const choice = decide(spec, facts.host, facts.kernel)
  return {
    guest: spec.name,
    file,
    configured: spec.mode,
    choice: viewChoice(choice, entry === null ? null : (context.memory.chosen(entry.uuid)?.mode ?? null)),
    verdicts: allModes.map((mode) => viewVerdict(judge(mode, spec, facts.host, facts.kernel))),
    start: viewStart(context, spec, choice, facts),
    running: entry?.run ? await viewRun(context.host, entry.run) : null,
    pros: [...choice.mode.pros],
    cons: [...choice.mode.cons],
  }
}

async function gather({ host, config }: Context, spec: GuestSpec): Promise<Facts> {
  const facts = await host.facts()
  const problems: TetrarchError[] = []
  const note = (thrown: unknown) => void problems.push(asTetrarchError(thrown))
  await host.checkResources(withNicDefaults(spec, facts.nicDefaults)).catch(note)
  const operation: Operation = { signal: AbortSignal.timeout(config.tasks.stepMs), log: () => undefined }
  try {
    const { boot, finding } = await findKernel(host, spec, operation)
    await host.releaseBoot(boot)
    return { host: facts, kernel: finding, boot, problems }
  } catch (thrown) {
    if (isNothingToBoot(thrown))
      return { host: facts, kernel: { found: 'none', why: whyNone(thrown) }, boot: NO_KERNEL, problems }
    note(thrown)
    return { host: facts, kernel: NOT_LOOKED_FOR, boot: NO_KERNEL, problems }
  }
}

const viewChoice = ({ mode, verdict, steps }: Choice, last: Explanation['choice']['last']): Explanation['choice'] => ({
  mode: mode.name,
  possible: verdict.possible,
  steps: steps.map(({ question, answer, leadsTo }) => ({ question, answer, leadsTo: leadsTo?.name ?? null })),
  last,
})

const viewVerdict = ({ mode, possible, reasons }: Verdict): Explanation['verdicts'][number] => ({
  mode: mode.name,
  verdict: possible ? (reasons.length === 0 ? 'fits' : 'works-but') : 'cannot',
  reasons: reasons.map((reason) => ({ ...reason })),
})

function viewStart(
  { config }: Context,
  spec: GuestSpec,
  { mode }: Choice,
  { boot, problems }: Facts,
): Explanation['start'] {
  const { booted, cmdline } = mode.kernel === null && spec.kernel === undefined ? NO_KERNEL : boot
  const reasons = deviceModelReasons(spec, mode)
  const refused = problemOf(() => mayHaveDeviceModel(spec, mode, config))
  return {
    booted,
    command: cmdline,
    firmware: firmwareOf(spec, mode),
    deviceModel: {
      needed: reasons.length > 0,
      avoidable: reasons.length > 0 && mode.deviceModel === 'only-for-devices',
      reasons: reasons.map(({ why }) => why),
      policy: deviceModelPolicyOf(spec, config),
    },
    problems: [...problems, ...refused].map(toProblem),
  }
}

/** libxl's own choice where the definition leaves it open (libxl_create.c, libxl__domain_build_info_setdefault). */
const firmwareOf = ({ firmware }: GuestSpec, { boot }: Mode): string | null =>
  boot.includes('firmware') ? (firmware === undefined || firmware === 'bios' ? 'seabios' : firmware) : null

function problemOf(check: () => void): readonly TetrarchError[] {
  try {
    check()
    return []
  } catch (thrown) {
    return [asTetrarchError(thrown)]
  }
}

async function viewRun(host: Host, { observation, description }: Run): Promise<NonNullable<Explanation['running']>> {
  const pid = description?.deviceModelPid ?? null
  const usage = pid === null ? null : await host.deviceModelUsage(pid)
  return {
    mode: observation.mode,
    evidence: [...observation.evidence],
    devices: description?.devices.filter(({ kind }) => kind === 'disk' || kind === 'nic') ?? [],
    deviceModel:
      pid === null
        ? null
        : {
            pid,
            memoryMiB: usage === null ? null : usage.memoryMiB,
            cpuSeconds: usage === null ? null : usage.cpuSeconds,
          },
  }
}
