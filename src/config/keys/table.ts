/**
 * The one table of the keys of a guest definition. The loader, the linter, the writer, the JSON Schema, the man page
 * tetrarch.cfg(5) and shell completion are all driven by it; nothing else lists keys.
 */
import { bootKeys } from './boot.ts'
import { deviceKeys } from './devices.ts'
import { graphicsKeys, spiceKeys } from './graphics.ts'
import { hardwareKeys } from './hardware.ts'
import { identityKeys, lifecycleKeys } from './identity.ts'
import { platformKeys } from './platform.ts'
import { memoryKeys, processorKeys } from './resources.ts'
import type { KeyRow } from './row.ts'
import { deviceModelKeys, domainKeys } from './services.ts'
import { unsupportedKeys } from './unsupported.ts'

export interface KeySection {
  readonly title: string
  readonly rows: readonly KeyRow[]
}

export const keySections: readonly KeySection[] = [
  { title: 'Identity and mode', rows: identityKeys },
  { title: 'Life cycle', rows: lifecycleKeys },
  { title: 'Memory', rows: memoryKeys },
  { title: 'Processors', rows: processorKeys },
  { title: 'Boot', rows: bootKeys },
  { title: 'Devices', rows: deviceKeys },
  { title: 'Hardware of the host, and devices of other domains', rows: hardwareKeys },
  { title: 'Graphics', rows: graphicsKeys },
  { title: 'SPICE', rows: spiceKeys },
  { title: 'Platform', rows: platformKeys },
  { title: 'Device model', rows: deviceModelKeys },
  { title: 'Domain', rows: domainKeys },
  { title: 'Known, not supported', rows: unsupportedKeys },
]

export const keyTable: ReadonlyMap<string, KeyRow> = new Map(
  keySections.flatMap(({ rows }) => rows.map((row) => [row.name, row] as const)),
)
