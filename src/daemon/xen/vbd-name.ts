/** Ranges of xen-vbd-interface(7): numbers whose bits above `diskShift` are `prefix`, for disks from `first` on. */
const XVD = 202
const SD = 8
const IDE = [
  { major: 3, first: 0 },
  { major: 22, first: 2 },
]
const EXTENDED = 1 << 28

/** What a virtual disk of this number is called: xvda, sda1, hdc. The number itself where the interface names none. */
export function vbdName(devid: number): string {
  if ((devid & EXTENDED) !== 0) return named('xvd', (devid >> 8) & 0xfffff, devid & 0xff)
  const major = devid >> 8
  if (major === XVD) return named('xvd', (devid >> 4) & 0xf, devid & 0xf)
  if (major === SD) return named('sd', (devid >> 4) & 0xf, devid & 0xf)
  const ide = IDE.find((one) => one.major === major)
  if (ide !== undefined) return named('hd', ide.first + ((devid >> 6) & 0x3), devid & 0x3f)
  return `disk${devid}`
}

const named = (kind: string, disk: number, partition: number): string =>
  `${kind}${letters(disk)}${partition === 0 ? '' : partition}`

const LETTERS = 26

/** a … z, aa, ab … as Linux counts disks. */
function letters(disk: number): string {
  const last = String.fromCharCode('a'.charCodeAt(0) + (disk % LETTERS))
  return disk < LETTERS ? last : letters(Math.floor(disk / LETTERS) - 1) + last
}
