import type { Filesystem, Node } from '../../../src/pygrub/fs/filesystem.ts'
import { bufferSource } from '../../../src/pygrub/disk/source.ts'
import type { Volume } from '../../../src/pygrub/volumes.ts'

/** A volume in memory for tests of menus: paths and their texts. */
export function memoryVolume(
  name: string,
  files: Readonly<Record<string, string>>,
  { uuid = `uuid-${name}`, label = `label-${name}`, type = '0x83' } = {},
): Volume {
  const filesystem: Filesystem = {
    type: 'ext4',
    uuid,
    label,
    root: folder(files, '/'),
    ignoresCase: false,
    needsReplay: false,
    notes: [],
  }
  return { name, partition: { name, start: 0, size: 0, type, guid: null }, filesystem }
}

function folder(files: Readonly<Record<string, string>>, path: string): Node {
  const names = new Set(
    Object.keys(files).flatMap((file) => (file.startsWith(path) ? [file.slice(path.length).split('/')[0]!] : [])),
  )
  const node = (name: string): Node => {
    const text = files[path + name]
    return text === undefined ? folder(files, `${path}${name}/`) : file(text)
  }
  return {
    ...file(''),
    kind: 'directory',
    entries: () => [...names].map((name) => ({ name, node: () => node(name) })),
  }
}

const file = (text: string): Node => ({
  kind: 'file',
  size: Buffer.byteLength(text),
  fingerprint: text,
  open: () => bufferSource(Buffer.from(text)),
  entries: () => [],
  target: () => '',
})
