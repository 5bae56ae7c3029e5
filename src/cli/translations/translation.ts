/** What someone who comes from another tool types, and what they type here. */
export interface Translation {
  /** With arguments, as their manual has it. */
  readonly theirs: string
  /** The same with tetrarch, or another tool that works beside it; null where there is nothing. */
  readonly ours: string | null
  /** What is different, in a sentence; empty where nothing is. */
  readonly note: string
}

/** Where there is a command of ours. */
export const same = (theirs: string, ours: string, note = ''): Translation => ({ theirs, ours, note })
