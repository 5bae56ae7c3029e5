/** The four guests of examples/guests, one per mode, with the disks of the lab's material that they boot from. */
import { dom0 } from './dom0.ts'

/** Where the lab keeps its guest material in dom0 (lab/README.md). */
export const MATERIAL = '/var/lib/tetrarch-lab/guests'

export const demoGuests = [
  { name: 'demo-pv', mode: 'pv', material: 'ext4-gpt.img' },
  { name: 'demo-pvh', mode: 'pvh', material: 'ext4-gpt.img' },
  { name: 'demo-hvm', mode: 'hvm', material: 'bios-hvm.img' },
  { name: 'demo-pvhvm', mode: 'pvhvm', material: 'bios-pvhvm.img' },
] as const

/** Gives each guest a disk of its own, and dom0 the examples, at /root/examples. */
export async function prepareDemoGuests(): Promise<void> {
  await dom0.sh('rm -rf /root/examples; mkdir -p /srv/guests')
  await dom0.push(new URL('../examples/guests', import.meta.url).pathname, '/root/examples')
  const copies = demoGuests.map(
    ({ name, material }) => `cp --sparse=always ${MATERIAL}/${material} /srv/guests/${name}.img`,
  )
  await dom0.sh(copies.join(' && '))
}
