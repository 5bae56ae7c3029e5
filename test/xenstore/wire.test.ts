import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeStrings, encodeMessage, encodeStrings, MessageDecoder, MessageType } from '../../src/xenstore/wire.ts'
import { bytesOf } from './scripted-xenstored.ts'

describe('encoding', () => {
  test('puts four native-endian words before the payload', () => {
    const bytes = encodeMessage({
      type: MessageType.write,
      requestId: 7,
      transactionId: 9,
      payload: Buffer.concat([encodeStrings('/a'), Buffer.from('v')]),
    })
    expect(bytes).toEqual(bytesOf(11, 7, '/a\0v', 9))
  })

  test('takes a payload of 4096 bytes and refuses one more', () => {
    const message = (length: number) => ({ type: 2, requestId: 1, transactionId: 0, payload: Buffer.alloc(length) })
    expect(encodeMessage(message(4096))).toHaveLength(4112)
    expect(() => encodeMessage(message(4097))).toThrow(/too long/)
  })
})

describe('strings', () => {
  test.each([
    ['', []],
    ['a\0b\0', ['a', 'b']],
    ['a\0b', ['a', 'b']],
    ['\0', ['']],
    ['gen\0\0', ['gen', '']],
  ])('%j are %j', (payload, strings) => {
    expect(decodeStrings(Buffer.from(payload))).toEqual(strings)
  })
})

describe('decoding', () => {
  const message = fc.record({
    type: fc.constantFrom(1, 2, 15, 16),
    requestId: fc.nat(),
    payload: fc.string({ unit: 'binary-ascii', maxLength: 200 }),
  })

  test('gives the same messages however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 64 })), (messages, cuts) => {
        const bytes = Buffer.concat(messages.map((each) => bytesOf(each.type, each.requestId, each.payload)))
        const decoder = new MessageDecoder()
        const decoded = []
        let at = 0
        for (const length of [...cuts, bytes.length]) {
          decoded.push(...decoder.push(bytes.subarray(at, at + length)))
          at += length
        }
        expect(decoded.map(({ payload, ...rest }) => ({ ...rest, payload: payload.toString('latin1') }))).toEqual(
          messages.map((each) => ({ ...each, transactionId: 0 })),
        )
      }),
    )
  })

  test('refuses a length that no xenstored sends, before its payload arrives', () => {
    const header = bytesOf(MessageType.read, 1, '')
    header.writeUInt32LE(4097, 12)
    expect(() => new MessageDecoder().push(header)).toThrow(/too long/)
  })

  test('takes a long DIRECTORY reply up to its own bound', () => {
    const long = bytesOf(MessageType.directory, 1, 'x'.repeat(10_000))
    expect(new MessageDecoder(10_000).push(long)).toHaveLength(1)
    expect(() => new MessageDecoder(9_999).push(long)).toThrow(/too long/)
  })

  test('never throws anything but its own refusal, whatever bytes come', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 100 })), (chunks) => {
        const decoder = new MessageDecoder()
        try {
          for (const chunk of chunks) decoder.push(Buffer.from(chunk))
        } catch (error) {
          expect(error).toMatchObject({ code: 'xenstore-failed' })
        }
      }),
    )
  })
})
