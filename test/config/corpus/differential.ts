/** What tetrarch would give libxl for a definition, in libxl's own words, to be compared with what xl would. */
import { openSync, readFileSync } from 'node:fs'
import type { GuestSpec } from '../../../src/config/guest-spec.ts'
import { examineGuest } from '../../../src/config/load.ts'
import type { HostCpus } from '../../../src/config/specs/cpus.ts'
import { domainConfig } from '../../../src/libxl/domain-config.ts'
import { createJsonContext } from '../../../src/libxl/json-context.ts'
import { LibxlType } from '../../../src/libxl/json.ts'
import type { JsonObject, JsonValue } from '../../../src/libxl/requests.ts'
import { loadXenlight } from '../../../src/libxl/xen-libraries.ts'
import { createXenLogger } from '../../../src/libxl/xen-log.ts'
import { modeNamed } from '../../../src/modes/index.ts'
import type { ModeName } from '../../../src/words/mode-names.ts'
import { uuid } from '../../../src/words/ids.ts'
import { reasonFor, refusedHere, takenHere } from './deliberate.ts'

/** What xl 4.17 made of the snippets, by name; null where it refused. */
export const recorded: ReadonlyMap<string, JsonObject | null> = new Map(
  readFileSync(new URL('xl-4.17.jsonl', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { name: string; xl: JsonObject | null })
    .map(({ name, xl }) => [name, xl]),
)

/** The host on which the recording was made. */
export const recordingHost: HostCpus = {
  count: 8,
  nodes: [
    [0, 1, 2, 3],
    [4, 5, 6, 7],
  ],
}

const ctx = createJsonContext(createXenLogger(openSync('/dev/null', 'w'))).at
const libxlDomainConfig = new LibxlType(loadXenlight('4.17'), 'domain_config')
const ANY_UUID = uuid('00000000-0000-0000-0000-00000000000a')

/** What libxl would be given, as libxl reads it back. */
function configOf(spec: GuestSpec, hostCpus: HostCpus): JsonObject {
  const { kernel = null, ramdisk = null, cmdline = null } = spec
  const id = spec.uuid === undefined ? ANY_UUID : uuid(spec.uuid)
  const mode = modeNamed(spec.mode as ModeName)
  const given = domainConfig({ spec, mode, uuid: id, boot: { kernel, ramdisk, cmdline }, generationId: [], hostCpus })
  using struct = libxlDomainConfig.fromJson(ctx, given)
  const said = libxlDomainConfig.toJson(struct.at)
  return spec.uuid === undefined ? withoutUuid(said) : said
}

/** Without the uuid, which is random where a definition has none. */
export const withoutUuid = (config: JsonObject): JsonObject => {
  const createInfo = Object.entries(config['c_info'] as JsonObject).filter(([key]) => key !== 'uuid')
  return { ...config, c_info: Object.fromEntries(createInfo) }
}

export interface Difference {
  /** `b_info.type.hvm.vga.kind`. */
  readonly path: string
  readonly ours: JsonValue | undefined
  readonly xl: JsonValue | undefined
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isList = (value: JsonValue): value is readonly JsonValue[] => Array.isArray(value)

/** The smallest parts in which two documents differ; an empty object is like none. */
function differences(ours: JsonValue | undefined, xl: JsonValue | undefined, path = ''): readonly Difference[] {
  const [mine, theirs] = [ours ?? {}, xl === undefined ? {} : xl]
  if (isObject(mine) && isObject(theirs)) {
    const keys = new Set([...Object.keys(mine), ...Object.keys(theirs)])
    return [...keys].flatMap((key) => differences(mine[key], theirs[key], path === '' ? key : `${path}.${key}`))
  }
  if (isList(mine) && isList(theirs)) {
    const indices = Array.from({ length: Math.max(mine.length, theirs.length) }, (_, index) => index)
    return indices.flatMap((index) => differences(mine[index], theirs[index], `${path}[${index}]`))
  }
  return JSON.stringify(mine) === JSON.stringify(theirs) ? [] : [{ path, ours, xl }]
}

/** What nobody meant, in sentences: how tetrarch's reading of a definition differs from xl's on a host, null being a refusal. */
export function judge(text: string, xl: JsonObject | null, hostCpus: HostCpus): readonly string[] {
  const { spec, mistakes } = examineGuest(text, { file: 'a.cfg' })
  const first = mistakes[0]?.message ?? ''
  if (xl === null) {
    const taken = spec !== undefined && !takenHere.some((one) => one.text.test(text))
    return taken ? ['xl refuses it'] : []
  }
  if (spec === undefined) return refusedHere.some(({ message }) => message.test(first)) ? [] : [`refused: ${first}`]
  return differences(configOf(spec, hostCpus), xl)
    .filter((difference) => reasonFor(difference) === undefined)
    .map(({ path, ours, xl: theirs }) => `${path} is ${JSON.stringify(ours)}, and for xl ${JSON.stringify(theirs)}`)
}
