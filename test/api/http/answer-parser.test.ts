import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AnswerHead, AnswerParser } from '../../../src/api/http/answer-parser.ts'

interface Read {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly ended: boolean
  readonly rest: string
}

/** What the parser makes of pieces; `close` when the other side then ends. */
function read(pieces: readonly string[], then: 'close' | 'wait' = 'wait'): Read {
  let head: AnswerHead = { status: 0, headers: new Map() }
  let body = ''
  let ended = false
  const parser = new AnswerParser({
    head: (told) => (head = told),
    body: (bytes) => (body += bytes.toString('latin1')),
    end: () => (ended = true),
  })
  for (const piece of pieces) parser.push(Buffer.from(piece, 'latin1'))
  if (then === 'close') parser.close()
  const rest = parser.rest.toString('latin1')
  return { status: head.status, headers: Object.fromEntries(head.headers), body, ended, rest }
}

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'

describe('an answer', () => {
  test('has a status, headers by small names, and the body that its length says', () => {
    expect(read(['HTTP/1.1 404 Not Found\r\nContent-Type:  text/x \r\ncontent-length: 3\r\n\r\nabcdef'])).toEqual({
      ...{ status: 404, body: 'abc', ended: true, rest: 'def' },
      headers: { 'content-type': 'text/x', 'content-length': '3' },
    })
  })

  test('in chunks is put together, without their extensions and trailers', () => {
    const answer = `${CHUNKED}3;name=x\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nnext`
    expect(read([answer])).toMatchObject({ body: 'abc0123456789', ended: true, rest: 'next' })
  })

  test('without a length lasts until the other side ends', () => {
    const pieces = ['HTTP/1.1 200 OK\r\n\r\nabc', 'def']
    expect(read(pieces)).toMatchObject({ body: 'abcdef', ended: false })
    expect(read(pieces, 'close')).toMatchObject({ body: 'abcdef', ended: true })
  })

  test.each([
    ['204', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['304', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 10\r\n\r\n'],
    ['of length 0', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'],
  ])('%s has no body', (_, text) => {
    expect(read([text])).toMatchObject({ body: '', ended: true })
  })

  test('101 ends at its head, and all that follows is the other protocol', () => {
    expect(read(['HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\nHTTP/1.1 '])).toMatchObject({
      ...{ status: 101, ended: true, rest: 'HTTP/1.1 ' },
    })
  })

  test('follows an interim one', () => {
    const text = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx'
    expect(read([text])).toMatchObject({ status: 200, body: 'x', ended: true })
  })

  test('is the same however its bytes are cut', () => {
    const body = fc.array(fc.string({ minLength: 1, maxLength: 40, unit: 'binary-ascii' }), { maxLength: 5 })
    fc.assert(
      fc.property(body, fc.boolean(), fc.array(fc.nat(300), { maxLength: 12 }), (parts, isChunked, cuts) => {
        const whole = parts.join('')
        const text = isChunked
          ? `${CHUNKED}${parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')}0\r\n\r\n`
          : `HTTP/1.1 200 OK\r\nContent-Length: ${whole.length}\r\n\r\n${whole}`
        const at = [0, ...cuts.map((cut) => cut % text.length).toSorted((one, other) => one - other), text.length]
        const pieces = at.slice(1).map((end, index) => text.slice(at[index], end))
        expect(read(pieces)).toMatchObject({ status: 200, body: whole, ended: true, rest: '' })
      }),
    )
  })
})

describe('what is no answer of the daemon', () => {
  test.each([
    ['another protocol', 'SSH-2.0-x\r\n\r\n'],
    ['HTTP of another kind', 'HTTP/2 200\r\n\r\n'],
    ['a header without a name', 'HTTP/1.1 200 OK\r\n: x\r\n\r\n'],
    ['a folded header', 'HTTP/1.1 200 OK\r\na: x\r\n b\r\n\r\n'],
    ['a length that is no number', 'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n'],
    ['an unknown coding', 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n'],
    ['a chunk without a size', `${CHUNKED}\r\n`],
    ['a chunk that is longer than its size', `${CHUNKED}2\r\nabc\r\n`],
    ['a head without an end', `HTTP/1.1 200 OK\r\na: ${'x'.repeat(17 * 1024)}`],
  ])('%s is refused', (_, text) => {
    expect(() => read([text])).toThrow('does not speak HTTP as the daemon does')
  })

  test.each(['HTTP/1.1 200 OK\r\n', 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nabc', `${CHUNKED}3\r\nabc\r\n`])(
    'an end within %j is told',
    (text) => {
      expect(() => read([text], 'close')).toThrow('ended within an answer')
    },
  )
})
