/** The key `ready`: when a guest counts as ready for those that start after it. */

export type ReadyCondition =
  | { readonly kind: 'devices' }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'console'; readonly text: string }
  /** Relative to the guest's own tree, /local/domain/DOMID. */
  | { readonly kind: 'xenstore'; readonly path: string }

export const READY_FORMS = 'devices, tcp:ADDRESS:PORT, console:TEXT or xenstore:PATH'

const MAX_PORT = 65_535
const TCP = /^\[?(?<host>[A-Za-z0-9.:_-]+?)\]?:(?<port>\d{1,5})$/
/** As xenstored takes it (docs/misc/xenstore.txt), and not absolute: other guests' trees are none of this one's. */
const NODE = /^[A-Za-z0-9_@-]+(?:\/[A-Za-z0-9_@-]+)*$/

/** Null for a text that is no condition. */
export function parseReady(text: string): ReadyCondition | null {
  if (text === 'devices') return { kind: 'devices' }
  const colon = text.indexOf(':')
  const rest = text.slice(colon + 1)
  if (colon < 0 || rest === '') return null
  switch (text.slice(0, colon)) {
    case 'tcp':
      return parseTcp(rest)
    case 'console':
      return { kind: 'console', text: rest }
    case 'xenstore':
      return NODE.test(rest) ? { kind: 'xenstore', path: rest } : null
    default:
      return null
  }
}

function parseTcp(text: string): ReadyCondition | null {
  const { host, port } = TCP.exec(text)?.groups ?? {}
  const number = Number(port)
  return host !== undefined && number > 0 && number <= MAX_PORT ? { kind: 'tcp', host, port: number } : null
}
