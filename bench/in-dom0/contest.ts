/** Sides that take their turns in each round, so that a noisy machine treats them alike. */
import type { Result } from '../findings.ts'
import { libxlAlone, planAhead } from './floors.ts'
import { translateAhead } from './libvirt.ts'
import {
  type KernelFile,
  type Equipment,
  type Toolstack,
  found,
  guest,
  prepareDisks,
  rounds,
  tetrarch,
  timed,
  xl,
} from './sides.ts'

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

/** Its scripts for devices would be Xen's, so it is a floor for a guest without. */
const floor: Builder = { side: 'libxl alone', toolstack: libxlAlone, kernel: 'raw' }

/** Each side builds and destroys the same guest; both halves are measured. */
export async function lives(
  type: 'pv' | 'pvh' | 'hvm',
  equipment: Equipment,
  kernel: KernelFile,
  libvirt: Toolstack | null = null,
): Promise<void> {
  const creations: Record<string, number[]> = {}
  const ends: Record<string, number[]> = {}
  await prepareDisks(['bench'])
  const hasFloor = kernel === 'raw' && equipment === 'no devices'
  if (hasFloor) await planAhead(guest('bench', type, equipment))
  if (libvirt !== null) await translateAhead(guest('bench', type, equipment, kernel))
  const second = libvirt === null ? [] : [{ side: 'libvirt', toolstack: libvirt, kernel }]
  const sides = [...rivals[kernel], ...second, ...(hasFloor ? [floor] : [])]
  for (let round = 0; round <= rounds; round++) {
    for (const { side, toolstack, kernel: file } of sides) {
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
