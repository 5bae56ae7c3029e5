import { DiskFault } from '../disk-fault.ts'
import { type Source } from '../disk/source.ts'

/** A piece of a file that lies in one place. */
export interface Run {
  /** Bytes from the file's start. */
  readonly logical: number
  /** Bytes. */
  readonly length: number
  /** Bytes from the medium's start; null where the file has a hole or unwritten space, which reads as zeros. */
  readonly physical: number | null
}

/** Appends a run, joined with the one before where they are neighbours. */
export function pushRun(runs: Run[], run: Run): void {
  const last = runs.at(-1)
  const follows = last !== undefined && last.logical + last.length === run.logical
  const adjoins = follows && last.physical !== null && last.physical + last.length === run.physical
  if (follows && (adjoins || (last.physical === null && run.physical === null))) {
    runs[runs.length - 1] = { ...last, length: last.length + run.length }
  } else {
    runs.push(run)
  }
}

/** The last run that starts at or before a position. */
function indexOfRun(runs: readonly Run[], position: number): number {
  let low = 0
  let high = runs.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((runs[middle]?.logical ?? Infinity) <= position) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** A file as its runs; what no run covers reads as zeros. Throws DiskFault if the runs are not in ascending order. */
export function runSource(medium: Source, size: number, runs: readonly Run[]): Source {
  runs.forEach((run, index) => {
    const before = runs[index - 1]
    if (before !== undefined && before.logical + before.length > run.logical) {
      throw new DiskFault('the extents of a file overlap')
    }
  })
  return {
    size,
    readInto(target, position, use) {
      if (position < 0 || position + target.length > size) throw new DiskFault('a read goes past the end of a file')
      let index = Math.max(0, indexOfRun(runs, position))
      for (let done = 0; done < target.length;) {
        const at = position + done
        const run = runs[index]
        const left = target.length - done
        if (run === undefined || run.logical > at) {
          const count = Math.min(left, (run?.logical ?? Infinity) - at)
          target.fill(0, done, done + count)
          done += count
        } else if (at >= run.logical + run.length) {
          index++
        } else {
          const count = Math.min(left, run.logical + run.length - at)
          if (run.physical === null) target.fill(0, done, done + count)
          else medium.readInto(target.subarray(done, done + count), run.physical + at - run.logical, use)
          done += count
        }
      }
    },
  }
}
