/**
 * Finds the partitions of a disk: GPT (the backup header where the first is damaged), MBR with logical partitions,
 * or the whole disk where there is no table. Never writes, and never trusts a count or an offset of the disk.
 */
import { attempt, type Budget, isRefusal, type Refusal } from '../disk-fault.ts'
import { readGpt } from './gpt.ts'
import { readMbr } from './mbr.ts'
import { type Source } from './source.ts'

export interface Partition {
  /** `gpt2`, `msdos5` as GRUB names them (grub-core/partmap), `eltorito1`, or `disk` for a disk without a table. */
  readonly name: string
  /** Bytes from the start of the disk. */
  readonly start: number
  /** Bytes. */
  readonly size: number
  /** Text form of the partition's type: a GUID, or an MBR type byte as `0x83`. */
  readonly type: string
  /** The partition's own GUID (GPT), lower case. */
  readonly guid: string | null
}

/** Its type in a GPT, and here in an El Torito boot catalog. */
export const EFI_SYSTEM_PARTITION = 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b'

export interface PartitionTable {
  readonly partitions: readonly Partition[]
  /** What a user should know about the table itself. */
  readonly notes: readonly string[]
}

/** Reasons that say nothing is there, unlike those that say something there is damaged. */
export const NO_GPT = 'no GPT'
export const NO_MBR = 'no MBR'

/** The partitions in the table's order, ending with the whole disk where there is no table. */
export function readPartitions(disk: Source, budget: Budget): PartitionTable {
  const reasons: string[] = []
  for (const read of [readGpt, readMbr]) {
    const table: PartitionTable | Refusal = attempt(() => read(disk, budget))
    if (isRefusal(table)) reasons.push(table.refused)
    else return { partitions: table.partitions, notes: table.notes }
  }
  const whole: Partition = { name: 'disk', start: 0, size: disk.size, type: 'none', guid: null }
  return { partitions: [whole], notes: reasons.filter((reason) => reason !== NO_GPT && reason !== NO_MBR) }
}
