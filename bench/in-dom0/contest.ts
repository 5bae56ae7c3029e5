/** Sides that take their turns in each round, so that a noisy machine treats them alike. */
import type { Result } from '../findings.ts'
import {
  type KernelFile,
  type Equipment,
  type Toolstack,
  found,
  guest,
  prepareDisks,
  rounds,
  tetrarch,
  xl,
} from './sides.ts'

export async function timed(act: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await act()
  return performance.now() - begun
}

export type Sides = Readonly<Record<string, () => Promise<unknown>>>

/** The first round warms caches on all sides and does not count. */
export async function contest(name: string, sides: Sides): Promise<Result> {
  const taken: Record<string, number[]> = {}
  for (let round = 0; round <= rounds; round++) {
    for (const [side, act] of Object.entries(sides)) {
      const ms = await timed(act)
      if (round > 0) (taken[side] ??= []).push(ms)
    }
  }
  return { name, times: taken }
}

/** Who builds a guest, and from which file of the kernel. */
interface Builder {
  readonly side: string
  readonly toolstack: Toolstack
  readonly kernel: KernelFile
}

const rivals: Readonly<Record<KernelFile, readonly Builder[]>> = {
  raw: [
    { side: 'tetrarch', toolstack: tetrarch, kernel: 'raw' },
    { side: 'xl', toolstack: xl, kernel: 'raw' },
  ],
  packed: [
    { side: 'tetrarch', toolstack: tetrarch, kernel: 'packed' },
    { side: 'xl', toolstack: xl, kernel: 'packed' },
    { side: 'xl, raw kernel', toolstack: xl, kernel: 'raw' },
  ],
}

/** Each side builds and destroys the same guest; both halves are measured. */
export async function lives(type: 'pv' | 'pvh' | 'hvm', equipment: Equipment, kernel: KernelFile): Promise<void> {
  const creations: Record<string, number[]> = {}
  const ends: Record<string, number[]> = {}
  await prepareDisks(['bench'])
  for (let round = 0; round <= rounds; round++) {
    for (const { side, toolstack, kernel: file } of rivals[kernel]) {
      const creation = await timed(() =>
        toolstack.create(guest('bench', type, equipment, type === 'hvm' ? 'packed' : file)),
      )
      const end = await timed(() => toolstack.destroy('bench'))
      if (round === 0) continue
      ;(creations[side] ??= []).push(creation)
      ;(ends[side] ??= []).push(end)
    }
  }
  const what = `${type === 'hvm' ? 'PVHVM' : type.toUpperCase()}, ${equipment}${kernel === 'packed' ? ", Debian's kernel" : ''}`
  found({ result: { name: `create ${what}`, times: creations } })
  if (kernel === 'raw') found({ result: { name: `destroy ${what}`, times: ends } })
}
