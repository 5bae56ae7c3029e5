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

/**
 * For tests that need a PVH or HVM guest to live. Where the lab is emulated, about one such guest in thirty dies within
 * its first second: two emulated processors race, and its virtual one starts with registers of Xen's own, which ends in
 * a triple fault (`xl dmesg`) or in a halt that Xen takes for a poweroff.
 */
export const hardwareVirtualized = { retry: 2 }

/** A guest that only waits, for tests in which the mode is of no matter; so it is PV, which needs no such luck. */
export const tinyPvgrub = (name: string, type: 'pv' | 'pvh' = 'pv'): string => `
name = "${name}"
type = "${type}"
memory = 32
kernel = "${MATERIAL}/pvgrub-${type}.bin"
`
