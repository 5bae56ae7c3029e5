/**
 * What an image says of the image below it. Read by the toolstack itself, with rights, so nothing but these few fields
 * is looked at, and what they say is only a wish: open-image.ts decides which file is opened.
 */
import { DiskFault } from '../disk-fault.ts'
import type { DiskFormat } from '../types.ts'

export interface ParentName {
  /** A path, absolute or relative to the folder of the image that names it. */
  readonly path: string
  readonly format: DiskFormat
  /** The id that the parent must have itself, in hexadecimal; null where its format knows none. */
  readonly id: string | null
}

/** `length` bytes of an image from `position`. Throws DiskFault where they are not there. */
export type ReadAt = (position: number, length: number) => Promise<Buffer>

/** Null for an image that stands alone. Throws DiskFault for what cannot be followed. */
export type FindParent = (read: ReadAt, size: number) => Promise<ParentName | null>

/** A path out of an image's header, with what no path of a sane image has refused. */
export function plainPath(name: string): string {
  const isProtocol = /^[a-z][a-z0-9+.-]*:/i.test(name)
  if (isProtocol) throw new DiskFault(`names "${name}" as the file below it; only plain paths are followed`)
  if (name === '' || /\p{Cc}/u.test(name)) throw new DiskFault('names a file below it in a way that is no path')
  return name
}
