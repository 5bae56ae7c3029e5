import { type Budget, type Refusal } from '../disk-fault.ts'
import { type DiskFormat } from '../types.ts'
import { openQcow2 } from './qcow2.ts'
import { type Source } from './source.ts'
import { openVhd } from './vhd.ts'

/** `parent` is the disk that the image lies on; none where none was given. */
type OpenFormat = (file: Source, budget: Budget, parent?: Source | null) => Source | Refusal

/** The disk inside an image. The format comes from the guest's definition, never from the image: a guest can write any magic number. */
export const openFormat: Readonly<Record<DiskFormat, OpenFormat>> = {
  raw: (file) => file,
  qcow2: openQcow2,
  vhd: openVhd,
}
