/** Channels, shared directories and virtual TPMs: devices that a backend domain offers as pairs (xl.cfg(5)). */
import type { ChannelSpec, P9Spec, VtpmSpec } from '../device-spec.ts'
import type { Spec } from '../keys/codecs.ts'
import { joined, pair, pairOf, partsOf } from './parts.ts'

type Pairs = ReadonlyMap<string, string>

const need = (what: string, keys: readonly string[]) => ({ problem: `${what} needs ${keys.join(', ')}` })
const given = (pairs: Pairs, key: string) => pairs.get(key) ?? ''
const backendOf = (pairs: Pairs) => {
  const backend = given(pairs, 'backend')
  return backend === '' ? {} : { backend }
}

/** `connection=socket,path=/run/x.sock,name=org.example.1`; blanks around keys and values do not count. */
export function parseChannel(spec: string): Spec<ChannelSpec> {
  const pairs = new Map<string, string>()
  const warnings: string[] = []
  for (const part of spec.split(',').filter((text) => text !== '')) {
    const [key, value] = pairOf(part) ?? []
    if (key === undefined || value === undefined || value === '')
      return { problem: `${JSON.stringify(part)} is no KEY=VALUE` }
    if (channelKeys.has(key.trim())) pairs.set(key.trim(), value.trim())
    else warnings.push(`unknown parameter ${JSON.stringify(key.trim())}; xl ignores it`)
  }
  const name = given(pairs, 'name')
  const path = given(pairs, 'path')
  const connection = given(pairs, 'connection')
  if (name === '') return need('a channel', ['name'])
  if (connection === 'pty') {
    if (path !== '') warnings.push('path means nothing for connection=pty')
    return { value: { connection, name, ...backendOf(pairs) }, warnings }
  }
  if (connection !== 'socket') return { problem: `channel connection ${JSON.stringify(connection)}: pty or socket` }
  if (path === '') return need('a channel with connection=socket', ['path'])
  return { value: { connection, name, path, ...backendOf(pairs) }, warnings }
}
const channelKeys: ReadonlySet<string> = new Set(['backend', 'name', 'path', 'connection'])

export function writeChannel(channel: ChannelSpec): string {
  return joined([
    pair('connection', channel.connection),
    pair('name', channel.name),
    channel.connection === 'socket' ? pair('path', channel.path) : undefined,
    pair('backend', channel.backend),
  ])
}

/** Pairs of known keys; like xl, it stops at a part without "=". */
function pairsOf(
  spec: string,
  known: readonly string[],
): { readonly pairs: Pairs; readonly warnings: readonly string[] } | { readonly problem: string } {
  const pairs = new Map<string, string>()
  for (const part of partsOf(spec)) {
    const [key, value] = pairOf(part) ?? []
    if (key === undefined || value === undefined) {
      return { pairs, warnings: [`${JSON.stringify(part)} has no "=": xl ignores it and everything after it`] }
    }
    if (!known.includes(key)) return { problem: `unknown parameter ${JSON.stringify(key)}` }
    pairs.set(key, value)
  }
  return { pairs, warnings: [] }
}

/** `tag=home,path=/srv/home,security_model=none`. */
export function parseP9(spec: string): Spec<P9Spec> {
  const found = pairsOf(spec, ['tag', 'path', 'security_model', 'backend'])
  if ('problem' in found) return found
  const { pairs, warnings } = found
  const [tag, path, securityModel] = [given(pairs, 'tag'), given(pairs, 'path'), given(pairs, 'security_model')]
  if (tag === '' || path === '' || securityModel === '')
    return need('a shared directory', ['tag', 'path', 'security_model'])
  return { value: { tag, path, securityModel, ...backendOf(pairs) }, warnings }
}

export function writeP9({ tag, path, securityModel, backend }: P9Spec): string {
  return joined([pair('tag', tag), pair('path', path), pair('security_model', securityModel), pair('backend', backend)])
}

/** `backend=vtpmmgr,uuid=…`. */
export function parseVtpm(spec: string): Spec<VtpmSpec> {
  const found = pairsOf(spec, ['backend', 'uuid'])
  if ('problem' in found) return found
  const { pairs, warnings } = found
  const backend = given(pairs, 'backend')
  if (backend === '') return need('a virtual TPM', ['backend'])
  const uuid = pairs.get('uuid')?.toLowerCase()
  return { value: { backend, ...(uuid !== undefined && { uuid }) }, warnings }
}

export function writeVtpm({ backend, uuid }: VtpmSpec): string {
  return joined([pair('backend', backend), pair('uuid', uuid)])
}
