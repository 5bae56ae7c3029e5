/** A gate: a program that judges the checkout, counted as one, or a run of tests, of which each counts. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { z } from 'zod'

export interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export interface Verdict extends Tally {
  readonly name: string
  readonly seconds: number
}

export interface Gate {
  readonly name: string
  readonly run: () => Promise<Tally>
}

const PASSED: Tally = { passed: 1, failed: 0, skipped: 0 }
/** Could not be judged here, for which nobody is to blame. */
const NOT_TRIED: Tally = { passed: 0, failed: 0, skipped: 0 }
const FAILED: Tally = { passed: 0, failed: 1, skipped: 0 }

/** Where its output goes: kept until the end and shown when it fails, or shown as it comes. */
type Output = 'when-failed' | 'at-once'

async function exitOf(command: readonly string[], output: Output): Promise<number> {
  const [program = '', ...args] = command
  // The last line of our stdout is the sum, so all else goes to stderr.
  const to = output === 'at-once' ? process.stderr : 'pipe'
  const child = spawn(program, args, { stdio: ['ignore', to, to], env: { ...process.env, NO_COLOR: '1' } })
  const kept: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes: Buffer) => void kept.push(bytes))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) process.stderr.write(Buffer.concat(kept))
  return code ?? 1
}

/** What a program exits with that could not do its work here, such as without a network (automake's "Scripts-based Testsuites"). */
const EXIT_NOT_TRIED = 77

/** A program that passes when it exits with 0. */
export const program = (name: string, command: readonly string[], output: Output = 'when-failed'): Gate => ({
  name,
  run: async () => {
    const code = await exitOf(command, output)
    if (code === EXIT_NOT_TRIED) return NOT_TRIED
    return code === 0 ? PASSED : FAILED
  },
})

const vitestReport = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
})

/**
 * The tests of some projects of vitest.config.ts, with more options for vitest. A run that failed without a failed test
 * counts as one that failed.
 */
export function tests(
  name: string,
  projects: readonly string[],
  { output = 'when-failed', options = [] }: { readonly output?: Output; readonly options?: readonly string[] } = {},
): Gate {
  const report = `build/tests-${projects.join('-')}.json`
  const command = [
    'vitest',
    'run',
    ...projects.flatMap((project) => ['--project', project]),
    '--reporter=dot',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...options,
  ]
  const run = async (): Promise<Tally> => {
    mkdirSync('build', { recursive: true })
    rmSync(report, { force: true })
    const code = await exitOf(command, output)
    const tally = read(report)
    return code !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally
  }
  return { name, run }
}

function read(report: string): Tally {
  try {
    const counted = vitestReport.parse(JSON.parse(readFileSync(report, 'utf8')))
    return {
      passed: counted.numPassedTests,
      failed: counted.numFailedTests,
      skipped: counted.numPendingTests + counted.numTodoTests,
    }
  } catch (thrown) {
    console.error(`${report}: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    return FAILED
  }
}

export async function judge(gate: Gate): Promise<Verdict> {
  const started = performance.now()
  const tally = await gate.run()
  const verdict = { name: gate.name, ...tally, seconds: (performance.now() - started) / 1000 }
  console.error(lineOf(verdict))
  return verdict
}

const lineOf = ({ name, passed, failed, skipped, seconds }: Verdict): string =>
  `${failed > 0 ? 'FAILED' : passed > 0 ? 'passed' : 'untried'}  ${name.padEnd(22)} ${counts({ passed, failed, skipped }).padEnd(34)} ${seconds.toFixed(1).padStart(6)} s`

export const counts = ({ passed, failed, skipped }: Tally): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`

export const sum = (tallies: readonly Tally[]): Tally =>
  tallies.reduce((all, one) => ({
    passed: all.passed + one.passed,
    failed: all.failed + one.failed,
    skipped: all.skipped + one.skipped,
  }))
