/** The parent that a differencing VHD image names. Layout: Microsoft VHD Image Format Specification 1.0, "Parent Locator". */
import { DiskFault } from '../disk-fault.ts'
import { type FindParent, plainPath, type ReadAt } from './parent-name.ts'
import { cString, raw, struct, u32be, u64be } from './reader.ts'
import { DIFFERENCING, VHD_SECTOR } from './vhd.ts'

const FOOTER = { cookie: raw(0, 8), headerAt: u64be(16), type: u32be(60) }
const HEADER_BYTES = 1024
const HEADER = { cookie: raw(0, 8), parentId: raw(40, 16), name: raw(64, 512) }
const LOCATORS = { at: 576, count: 8, bytes: 24 }
const LOCATOR = { code: raw(0, 4), length: u32be(8), at: u64be(16) }
const MAX_NAME = 2048
const ID_AT = 68

export const vhdParent: FindParent = async (read, size) => {
  if (size < VHD_SECTOR) return null
  const footer = struct(await read(size - VHD_SECTOR, VHD_SECTOR), 0, FOOTER)
  if (footer.cookie.toString('latin1') !== 'conectix' || footer.type !== DIFFERENCING) return null
  const header = await read(footer.headerAt, HEADER_BYTES)
  const { cookie, parentId, name } = struct(header, 0, HEADER)
  if (cookie.toString('latin1') !== 'cxsparse') throw new DiskFault('is a damaged VHD image')
  const path = (await located(read, header)) ?? utf16(Buffer.from(name).swap16())
  return { path: plainPath(path), format: 'vhd', id: parentId.toString('hex') }
}

/** The unique id of a VHD image, in hexadecimal, as its children name it. */
export async function vhdId(read: ReadAt, size: number): Promise<string> {
  return (await read(size - VHD_SECTOR + ID_AT, 16)).toString('hex')
}

/** How each kind of locator writes a path; the relative one first. Windows' other kinds are long gone. */
const decoders: Readonly<Record<string, (bytes: Buffer) => string>> = {
  W2ru: (bytes) => utf16(bytes).replaceAll('\\', '/'),
  // blktap writes a file's address (file://./base.vhd).
  MacX: (bytes) => cString(bytes).replace(/^file:\/\//, ''),
  W2ku: (bytes) => utf16(bytes).replaceAll('\\', '/'),
}

async function located(read: ReadAt, header: Buffer): Promise<string | null> {
  const locators = Array.from({ length: LOCATORS.count }, (_, index) =>
    struct(header, LOCATORS.at + index * LOCATORS.bytes, LOCATOR),
  )
  for (const [code, decode] of Object.entries(decoders)) {
    const locator = locators.find((each) => each.code.toString('latin1') === code && each.length > 0)
    if (locator === undefined) continue
    if (locator.length > MAX_NAME) throw new DiskFault('names its parent with a path that is too long')
    return decode(await read(locator.at, locator.length))
  }
  return null
}

function utf16(bytes: Buffer): string {
  const text = bytes.toString('utf16le')
  const end = text.indexOf('\0')
  return end < 0 ? text : text.slice(0, end)
}
