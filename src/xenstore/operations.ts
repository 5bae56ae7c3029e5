/** What can be asked of xenstored, written once for plain requests and for those inside a transaction. */
import { type ErrorParts, fail, TetrarchError } from '../words/errors.ts'
import type { Domid, XenstorePath } from '../words/ids.ts'
import { type Reply } from './connection.ts'
import { isNodeName, PATH_MAX_BYTES } from './paths.ts'
import { decodeStrings, encodeStrings, MessageType, type RequestType } from './wire.ts'

/** Sends one request to wherever the operations belong: a connection, or a transaction on one. */
export type Ask = (type: RequestType, payload: Buffer) => Promise<Reply>

/** One permission: the first of a node names its owner, with what all others may do (docs/misc/xenstore.txt). */
export interface Permission {
  readonly domid: Domid
  readonly access: 'none' | 'read' | 'write' | 'both'
}

/** xenstored's errno behind an error of this folder, or undefined. */
export function xenstoreErrno(error: unknown): string | undefined {
  return error instanceof TetrarchError && error.cause instanceof ErrnoReply ? error.cause.errno : undefined
}

class ErrnoReply extends Error {
  readonly errno: string
  constructor(errno: string) {
    super(`xenstored answered ${errno}`)
    this.errno = errno
  }
}

/** How often a directory that changes between its parts is read again before we give up. */
const DIRECTORY_ATTEMPTS = 8
const ACCESS = { n: 'none', r: 'read', w: 'write', b: 'both' } as const
const LETTER = { none: 'n', read: 'r', write: 'w', both: 'b' } as const
/** Letters, marks, digits, punctuation and spaces: no control, format, private or unassigned code point, no line separator. */
const PRINTABLE = /^[^\p{C}\p{Zl}\p{Zp}]*$/u

/** Reads and writes. All reject with `xenstore-failed`; what a missing node means is said at each. */
export class Operations {
  readonly #ask: Ask
  readonly #directoryMaxBytes: number

  constructor(ask: Ask, directoryMaxBytes: number) {
    this.#ask = ask
    this.#directoryMaxBytes = directoryMaxBytes
  }

  /** The node's bytes, at most 4096; null when there is no such node. */
  async read(path: XenstorePath): Promise<Buffer | null> {
    const reply = await this.#ask(MessageType.read, encodeStrings(path))
    if (reply.errno === 'ENOENT') return null
    // A copy: the payload is a view of a much larger read from the socket.
    return Buffer.from(expectPayload(reply, `cannot read ${path}`))
  }

  /**
   * The node's value as text; null when there is no such node, and also when its value is no printable UTF-8:
   * a guest that writes such a thing has said nothing we can use, and must not break who reads it.
   */
  async readText(path: XenstorePath): Promise<string | null> {
    const bytes = await this.read(path)
    return bytes === null ? null : printable(bytes)
  }

  /** The names of the node's children; null when there is no such node. */
  async directory(path: XenstorePath): Promise<string[] | null> {
    const reply = await this.#ask(MessageType.directory, encodeStrings(path))
    if (reply.errno === 'ENOENT') return null
    // Only the C xenstored says so, and it then has DIRECTORY_PART; oxenstored sends the long reply instead.
    if (reply.errno === 'E2BIG') return await this.#directoryInParts(path)
    return nodeNames(decodeStrings(expectPayload(reply, `cannot list ${path}`)), path)
  }

  /** Writes the node, creating it and its parents as needed. */
  async write(path: XenstorePath, value: string | Uint8Array): Promise<void> {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value
    const payload = Buffer.concat([encodeStrings(path), bytes])
    expectPayload(await this.#ask(MessageType.write, payload), `cannot write ${path}`)
  }

  /** Creates the node and its parents with empty values; a node that exists stays as it is. */
  async mkdir(path: XenstorePath): Promise<void> {
    expectPayload(await this.#ask(MessageType.mkdir, encodeStrings(path)), `cannot create ${path}`)
  }

  /** Removes the node and all below it; true unless there was nothing to remove that far up. */
  async rm(path: XenstorePath): Promise<boolean> {
    const reply = await this.#ask(MessageType.rm, encodeStrings(path))
    if (reply.errno === 'ENOENT') return false
    expectPayload(reply, `cannot remove ${path}`)
    return true
  }

  /** The node's permissions, its owner first; null when there is no such node. */
  async getPermissions(path: XenstorePath): Promise<Permission[] | null> {
    const reply = await this.#ask(MessageType.getPermissions, encodeStrings(path))
    if (reply.errno === 'ENOENT') return null
    return decodeStrings(expectPayload(reply, `cannot read the permissions of ${path}`)).map((text) => {
      const match = /^([nrwb])(\d{1,5})$/.exec(text)
      if (match === null)
        throw refused(`cannot read the permissions of ${path}`, { why: 'xenstored sent no permission' })
      return { access: ACCESS[match[1] as keyof typeof ACCESS], domid: Number(match[2]) as Domid }
    })
  }

  /** Replaces the node's permissions; the first names the owner. */
  async setPermissions(path: XenstorePath, permissions: readonly [Permission, ...Permission[]]): Promise<void> {
    const texts = permissions.map(({ access, domid }) => `${LETTER[access]}${domid}`)
    const reply = await this.#ask(MessageType.setPermissions, encodeStrings(path, ...texts))
    expectPayload(reply, `cannot set the permissions of ${path}`)
  }

  async #directoryInParts(path: XenstorePath): Promise<string[] | null> {
    for (let attempt = 0; attempt < DIRECTORY_ATTEMPTS; attempt += 1) {
      const names = await this.#directoryOfOneGeneration(path)
      if (names !== 'changed') return names
    }
    throw refused(`cannot list ${path}`, { why: `it changed ${DIRECTORY_ATTEMPTS} times while it was being read` })
  }

  async #directoryOfOneGeneration(path: XenstorePath): Promise<string[] | null | 'changed'> {
    const names: string[] = []
    let offset = 0
    let firstGeneration: string | undefined
    for (;;) {
      const reply = await this.#ask(MessageType.directoryPart, encodeStrings(path, String(offset)))
      if (reply.errno === 'ENOENT') return null
      const [generation, ...part] = decodeStrings(expectPayload(reply, `cannot list ${path}`))
      firstGeneration ??= generation
      if (generation !== firstGeneration) return 'changed'
      // An empty name ends the list (xenstored_core.c, send_directory_part).
      const last = part.at(-1) === '' || part.length === 0
      if (part.at(-1) === '') part.pop()
      names.push(...nodeNames(part, path))
      if (last) return names
      offset += part.reduce((bytes, name) => bytes + name.length + 1, 0)
      if (offset > this.#directoryMaxBytes)
        throw refused(`cannot list ${path}`, { why: `it has over ${offset} bytes of names` })
    }
  }
}

/** The bytes as text if they are printable UTF-8, otherwise null. */
function printable(bytes: Buffer): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return PRINTABLE.test(text) ? text : null
  } catch {
    return null
  }
}

/** The reply's payload, or the error that xenstored named. */
export function expectPayload(reply: Reply, what: string): Buffer {
  if (reply.errno === undefined) return reply.payload
  throw refused(what, { why: `xenstored answered ${reply.errno}` }, new ErrnoReply(reply.errno))
}

const refused = (what: string, parts: Omit<ErrorParts, 'what'>, cause?: Error) =>
  fail('xenstore-failed', { what, ...parts }, cause === undefined ? {} : { cause })

function nodeNames(names: string[], path: XenstorePath): string[] {
  for (const name of names) {
    if (!isNodeName(name) || name.length > PATH_MAX_BYTES) {
      throw refused(`cannot list ${path}`, { why: 'xenstored sent a name that no node can have' })
    }
  }
  return names
}
