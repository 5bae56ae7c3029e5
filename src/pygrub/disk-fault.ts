/**
 * The two ways in which reading a guest's disk ends early. Both stay inside the sandbox's process.
 *
 * A disk's content never throws past the format that reads it: a format's entry points return a value or a reason, and
 * {@link attempt} turns the first kind of fault into one.
 */

/** The disk says something that cannot be, or that we do not read. Another partition, file or menu may still do. */
export class DiskFault extends Error {
  override readonly name = 'DiskFault'
}

/** A budget of the whole extraction is used up: everything stops. */
export class BudgetPassed extends Error {
  override readonly name = 'BudgetPassed'
}

/** Why something on a disk is not used: a sentence without its full stop. */
export interface Refusal {
  readonly refused: string
  /** It is not there at all, which is nothing to tell anybody; what is there and cannot be read is. */
  readonly isAbsent?: true
}

export const refuse = (refused: string): Refusal => ({ refused })
export const absent = (refused: string): Refusal => ({ refused, isAbsent: true })

export const isRefusal = (value: unknown): value is Refusal =>
  typeof value === 'object' && value !== null && 'refused' in value

/** Runs a reader of untrusted bytes; what the disk got wrong becomes the reason. Budgets and our own mistakes pass through. */
export function attempt<T>(read: () => T): T | Refusal {
  try {
    return read()
  } catch (thrown) {
    if (thrown instanceof DiskFault) return refuse(thrown.message)
    // A Buffer's own bounds are the second net under the readers' checks, and the stack's end the third.
    if (thrown instanceof RangeError) return refuse(`a structure that cannot be: ${thrown.message}`)
    throw thrown
  }
}

/** What an extraction may cost; all counts are totals over the whole run. */
export interface BudgetLimits {
  /** Bytes read from the disk. */
  readonly bytes: number
  /** Directory entries, extents, tree nodes and table rows looked at. */
  readonly entries: number
  /** Commands of menu scripts carried out, and iterations of their loops. */
  readonly steps: number
}

/** Counts down what an extraction may cost. */
export class Budget {
  readonly #left: { bytes: number; entries: number; steps: number }

  constructor(limits: BudgetLimits) {
    this.#left = { ...limits }
  }

  /** Throws BudgetPassed once the total of one kind is used up. */
  spend(kind: keyof BudgetLimits, count = 1): void {
    this.#left[kind] -= count
    if (this.#left[kind] < 0) throw new BudgetPassed(`the disk needs more ${kind} than the boot loader may spend on it`)
  }
}
