/**
 * vmlinux.ts BZIMAGE VMLINUX: the ELF kernel inside a bzImage. Xen's domain builder unpacks a bzImage on every create,
 * and that is most of the create's time; tests that make many guests use the unpacked kernel.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

/** Offsets in the setup header (Linux Documentation/x86/boot.rst). */
const setupSectors = 0x1f1
const payloadOffset = 0x248
const payloadLength = 0x24c

/** Magic numbers of the compressors that Debian's kernels use, and what unpacks them. */
const unpackers = [
  { magic: 'fd377a585a00', command: ['xz', '-dc'] },
  { magic: '28b52ffd', command: ['zstd', '-dc'] },
] as const

const [bzImage = '', vmlinux = ''] = process.argv.slice(2)
const image = readFileSync(bzImage)
const start = ((image[setupSectors] ?? 0) + 1) * 512 + image.readUInt32LE(payloadOffset)
// The last four bytes of the payload are its unpacked size, which the compressors themselves do not know.
const payload = image.subarray(start, start + image.readUInt32LE(payloadLength) - 4)
const unpacker = unpackers.find(({ magic }) => payload.toString('hex', 0, 8).startsWith(magic))
if (!unpacker)
  throw new Error(`${bzImage}: its payload starts with ${payload.toString('hex', 0, 8)}, which is no known compressor`)
const [program, ...args] = unpacker.command
writeFileSync(vmlinux, execFileSync(program, args, { input: payload, maxBuffer: 2 ** 28 }))
