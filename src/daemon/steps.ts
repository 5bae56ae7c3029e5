/**
 * An operation is a list of steps, made before anything happens. Each knows how to undo itself, also when it was cut off in
 * the middle; a failure or a cancellation undoes the failed step and all before it, newest first.
 */
import { asTetrarchError, fail } from '../words/errors.ts'
import type { Operation } from './host.ts'
import { holdFrom } from './hold.ts'
import type { TaskProgress } from './tasks.ts'

const hold = holdFrom(process.env)

export interface Step {
  /** What progress lines and errors call it: `build the domain`. */
  readonly name: string
  readonly run: (operation: Operation) => Promise<void>
  /** Safe to call whether run happened, half happened, or did not. */
  readonly undo?: (operation: Operation) => Promise<void>
}

/** Runs the steps in order. Rejects with the failing step's error, its stage set; by then all is undone. */
export async function runSteps(steps: readonly Step[], progress: TaskProgress): Promise<void> {
  progress.begin(steps.length)
  const begun: Step[] = []
  try {
    for (const step of steps) {
      progress.signal.throwIfAborted()
      progress.stage(step.name)
      begun.push(step)
      await hold(step.name, progress)
      await step.run(progress)
    }
  } catch (thrown) {
    const error = asTetrarchError(thrown).at(begun.at(-1)?.name ?? 'begin')
    const leftovers = await undoAll(begun.reverse(), progress)
    if (leftovers.length === 0) throw error
    const evidence = [...(error.parts.evidence ?? []), ...leftovers]
    throw fail(error.code, { ...error.parts, evidence }, { cause: error.cause })
  }
}

/** Undoes without the task's signal, since a cancelled task must be undone too. Returns what could not be undone. */
async function undoAll(newestFirst: readonly Step[], progress: TaskProgress): Promise<string[]> {
  const leftovers: string[] = []
  const operation: Operation = { signal: new AbortController().signal, log: progress.log }
  for (const { name, undo } of newestFirst) {
    try {
      await undo?.(operation)
    } catch (thrown) {
      leftovers.push(`undoing "${name}" failed: ${asTetrarchError(thrown).message}`)
    }
  }
  return leftovers
}
