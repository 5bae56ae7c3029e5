import type { BootEntries, BootEntry } from '../../pygrub/types.ts'
import { fail } from '../../words/errors.ts'

const RELEASE = '6.1.0-simulated'

const entry = (path: string, title: string, words: string): BootEntry => ({
  ...{ path, title, id: `simulated-${path}`, isDefault: path === '0', problem: null },
  ...{ partition: 'gpt2', filesystem: 'ext4', source: '/boot/grub/grub.cfg' },
  kernel: `/boot/vmlinuz-${RELEASE}`,
  ramdisks: [`/boot/initrd.img-${RELEASE}`],
  cmdline: `root=/dev/xvda2 ro ${words}`,
  kernelFacts: {
    ...{ version: RELEASE, canPv: true, canPvh: true },
    ...{ container: 'bzImage', compression: 'xz', architecture: 'x86_64', guestOs: 'linux', features: [] },
  },
})

const entries: readonly BootEntry[] = [
  entry('0', 'Simulated Linux', 'quiet'),
  entry('1>0', `Simulated Linux, with Linux ${RELEASE}`, 'quiet'),
  entry('1>1', `Simulated Linux, with Linux ${RELEASE} (recovery mode)`, 'single'),
]

/** The menu on every disk of the simulation. */
export const bootMenu: BootEntries = {
  entries,
  defaultBecause: 'gpt2:/boot/grub/grub.cfg: default is "0"',
  timeoutSeconds: 5,
  notes: [],
}

/** The entry that is wanted, or the default. Throws `boot-not-found`. */
export function simulatedEntry(wanted: string | undefined): BootEntry {
  const found = entries.find(({ path, title, id, isDefault }) =>
    wanted === undefined ? isDefault : [path, title, id].includes(wanted),
  )
  if (found !== undefined) return found
  throw fail('boot-not-found', { what: 'nothing was booted', why: `no menu has an entry "${wanted ?? ''}"` })
}
