/** Hardware given to a guest by number: I/O ports, interrupts, memory frames (xl.cfg(5)). */
import type { GuestSpec } from '../guest-spec.ts'
import type { Spec } from '../keys/codecs.ts'

type IoPorts = GuestSpec['ioPorts'][number]
type IoMemory = GuestSpec['ioMemory'][number]

const PORTS = /^\s*(?:0[xX])?([0-9a-fA-F]+)(?:-\s*(?:0[xX])?([0-9a-fA-F]+))?$/
const IRQ = /^\s*\+?([0-9]+)$/
const FRAMES = /^\s*(?:0[xX])?([0-9a-fA-F]+),\s*(?:0[xX])?([0-9a-fA-F]+)(?:@\s*(?:0[xX])?([0-9a-fA-F]+))?$/

/** `3f8` or `3f8-3ff`, hexadecimal, both ends included. */
export function parseIoPorts(spec: string): Spec<IoPorts> {
  const [, from, to] = PORTS.exec(spec) ?? []
  if (from === undefined)
    return { problem: `${JSON.stringify(spec)} is no range of I/O ports`, fix: 'write 3f8 or 3f8-3ff' }
  const first = parseInt(from, 16)
  const last = to === undefined ? first : parseInt(to, 16)
  if (last < first) return { problem: `the range of I/O ports ${spec} ends before it begins` }
  return { value: { first, count: last - first + 1 } }
}

export const writeIoPorts = ({ first, count }: IoPorts): string =>
  count === 1 ? first.toString(16) : `${first.toString(16)}-${(first + count - 1).toString(16)}`

/** A decimal number. */
export function parseIrq(spec: string): Spec<number> {
  const digits = IRQ.exec(spec)?.[1]
  return digits === undefined
    ? { problem: `${JSON.stringify(spec)} is no interrupt number` }
    : { value: Number(digits) }
}

/** `START,COUNT` or `START,COUNT@GUEST`, hexadecimal, in frames of 4 KiB. */
export function parseIoMemory(spec: string): Spec<IoMemory> {
  const [, start, pages, guest] = FRAMES.exec(spec) ?? []
  if (start === undefined || pages === undefined) {
    return {
      problem: `${JSON.stringify(spec)} is no range of frames`,
      fix: 'write START,COUNT or START,COUNT@GUEST in hexadecimal',
    }
  }
  const guestFrame = guest === undefined ? {} : { guestFrame: parseInt(guest, 16) }
  return { value: { start: parseInt(start, 16), pages: parseInt(pages, 16), ...guestFrame } }
}

export const writeIoMemory = ({ start, pages, guestFrame }: IoMemory): string =>
  `${start.toString(16)},${pages.toString(16)}${guestFrame === undefined ? '' : `@${guestFrame.toString(16)}`}`
