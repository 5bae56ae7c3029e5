/**
 * xenstore's wire protocol as bytes: no socket, no state beyond an incomplete message.
 * Layout and numbers: xen/include/public/io/xs_wire.h; meaning: docs/misc/xenstore.txt.
 */
import { endianness } from 'node:os'
import { fail } from '../words/errors.ts'

/** `enum xsd_sockmsg_type` (xs_wire.h): what a message asks or tells. */
export const MessageType = {
  directory: 1,
  read: 2,
  getPermissions: 3,
  watch: 4,
  unwatch: 5,
  transactionStart: 6,
  transactionEnd: 7,
  getDomainPath: 10,
  write: 11,
  mkdir: 12,
  rm: 13,
  setPermissions: 14,
  watchEvent: 15,
  error: 16,
  isDomainIntroduced: 17,
  directoryPart: 22,
} as const
export type RequestType = Exclude<(typeof MessageType)[keyof typeof MessageType], 15 | 16>

/** One message in either direction. */
export interface Message {
  readonly type: number
  /** Chosen by the client, echoed by xenstored; 0 for watch events. */
  readonly requestId: number
  /** 0 outside transactions. */
  readonly transactionId: number
  /** A view of the received bytes: copy what is to be kept. */
  readonly payload: Buffer
}

/** `sizeof(struct xsd_sockmsg)`: type, req_id, tx_id, len, each a native-endian u32. */
const HEADER_BYTES = 16
/** XENSTORE_PAYLOAD_MAX: xenstored drops the connection of a client that sends more. */
const PAYLOAD_MAX_BYTES = 4096
/** oxenstored answers DIRECTORY with as many bytes as it takes; this bounds what we take by default. */
export const DIRECTORY_MAX_BYTES = 4 << 20

const littleEndian = endianness() === 'LE'
const writeU32 = (bytes: Buffer, value: number, at: number) =>
  littleEndian ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at)
const readU32 = (bytes: Buffer, at: number) => (littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at))

/** A message's bytes. Throws `xenstore-failed` for a payload that xenstored would answer by hanging up. */
export function encodeMessage(message: Message): Buffer {
  const { type, requestId, transactionId, payload } = message
  if (payload.length > PAYLOAD_MAX_BYTES) {
    throw fail('xenstore-failed', {
      what: 'a request to xenstored is too long',
      why: `its payload of ${payload.length} bytes is over the protocol's ${PAYLOAD_MAX_BYTES}`,
    })
  }
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + payload.length)
  writeU32(bytes, type, 0)
  writeU32(bytes, requestId, 4)
  writeU32(bytes, transactionId, 8)
  writeU32(bytes, payload.length, 12)
  payload.copy(bytes, HEADER_BYTES)
  return bytes
}

/** NUL-terminated strings, one after the other, as most requests carry them. */
export const encodeStrings = (...strings: readonly string[]): Buffer =>
  Buffer.from(strings.map((text) => `${text}\0`).join(''), 'utf8')

/**
 * The strings of a reply; a missing last NUL is forgiven (READ has none, neither have some oxenstored replies).
 * Bytes are taken as Latin-1, so that none is lost: whoever needs text validates it.
 */
export function decodeStrings(payload: Buffer): string[] {
  if (payload.length === 0) return []
  const text = payload.toString('latin1')
  return (text.endsWith('\0') ? text.slice(0, -1) : text).split('\0')
}

/** Cuts a stream of bytes into messages, holding at most one incomplete message. */
export class MessageDecoder {
  readonly #directoryMaxBytes: number
  #chunks: Buffer[] = []
  #buffered = 0
  #needed = HEADER_BYTES

  /** @param directoryMaxBytes the longest DIRECTORY reply to take; every other message ends at PAYLOAD_MAX_BYTES. */
  constructor(directoryMaxBytes: number = DIRECTORY_MAX_BYTES) {
    this.#directoryMaxBytes = directoryMaxBytes
  }

  /** The messages that `chunk` completes. Throws `xenstore-failed` for a length no xenstored sends. */
  push(chunk: Buffer): Message[] {
    this.#chunks.push(chunk)
    this.#buffered += chunk.length
    if (this.#buffered < this.#needed) return []

    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#buffered)
    const messages: Message[] = []
    let at = 0
    this.#needed = HEADER_BYTES
    while (bytes.length - at >= HEADER_BYTES) {
      const end = at + HEADER_BYTES + this.#payloadLength(bytes, at)
      if (end > bytes.length) {
        this.#needed = end - at
        break
      }
      messages.push({
        type: readU32(bytes, at),
        requestId: readU32(bytes, at + 4),
        transactionId: readU32(bytes, at + 8),
        payload: bytes.subarray(at + HEADER_BYTES, end),
      })
      at = end
    }
    this.#chunks = at === bytes.length ? [] : [bytes.subarray(at)]
    this.#buffered = bytes.length - at
    return messages
  }

  #payloadLength(bytes: Buffer, at: number): number {
    const type = readU32(bytes, at)
    const length = readU32(bytes, at + 12)
    const most = type === MessageType.directory ? this.#directoryMaxBytes : PAYLOAD_MAX_BYTES
    if (length > most) {
      throw fail('xenstore-failed', {
        what: 'xenstored sent a message that is too long',
        why: `type ${type} with ${length} bytes, where ${most} are taken`,
      })
    }
    return length
  }
}
