import { MATERIAL } from '../../lab/demo-guests.ts'

/** A guest of the lab's kernel and initramfs: `words` go to its kernel (lab/README.md says which it knows). */
export const small = (name: string, type: 'pv' | 'pvh', words = '', more = ''): string => `
name = "${name}"
type = "${type}"
memory = 128
kernel = "${MATERIAL}/vmlinux"
ramdisk = "${MATERIAL}/initrd-pv.img"
extra = "quiet console=hvc0 ${words}"
${more}`

export const tinyPvgrub = (name: string): string => `
name = "${name}"
type = "pvh"
memory = 32
kernel = "${MATERIAL}/pvgrub-pvh.bin"
`
