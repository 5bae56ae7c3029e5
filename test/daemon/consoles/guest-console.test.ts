import { once } from 'node:events'
import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ConsoleClient, GuestConsole, openGuestConsole } from '../../../src/daemon/consoles/guest-console.ts'
import { openPty } from '../../../src/daemon/consoles/open-pty.ts'
import { openRealPty, type RealPty } from './real-pty.ts'

let directory: string
const options = () => ({ directory, logBytes: 1 << 20, historyBytes: 64 * 1024 })
const log = (name = 'web.log') => readFile(join(directory, name), 'latin1')

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tetrarch-consoles-'))
})
afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

/** Resolves when a client has seen this text. */
function seen(client: ConsoleClient, text: string): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  let all = client.history.toString('latin1')
  const look = () => {
    if (all.includes(text)) resolve(undefined)
  }
  client.onData((bytes) => {
    all += bytes.toString('latin1')
    look()
  })
  look()
  return promise
}

describe('on a real pty', () => {
  let pty: RealPty
  let console: GuestConsole

  beforeEach(async () => {
    pty = await openRealPty()
    pty.say('first words\r\n')
    console = await openGuestConsole(await openPty(pty.path), 'web', options())
  })
  afterEach(async () => {
    console.close()
    await pty.hangUp()
  })

  test('reads from the first byte on, into the log and for all who are attached', async () => {
    const [one, other] = [console.attach(), console.attach()]
    const both = Promise.all([seen(one, 'login: '), seen(other, 'login: ')])
    pty.say('login: ')
    await both
    const later = console.attach()
    expect(later.history.toString()).toBe('first words\r\nlogin: ')
    console.close()
    await console.flushed()
    expect(await log()).toBe('first words\r\nlogin: ')
  })

  test('types into the guest, and hears no echo of its own', async () => {
    const client = console.attach()
    client.write(Buffer.from('root\r'))
    await pty.typed('root\r')
    const done = seen(client, 'end')
    pty.say('end')
    await done
    expect(console.attach().history.toString()).toBe('first words\r\nend')
  })

  test('ends when the guest dies, with its last words kept', async () => {
    const client = console.attach()
    const heard = seen(client, 'panic')
    pty.say('kernel panic\r\n')
    await heard
    const ended = new Promise<void>((resolve) => client.onEnd(resolve))
    await pty.hangUp()
    await ended
    expect(console.open).toBe(false)
    expect(console.tail(1)).toEqual(['kernel panic'])
    client.write(Buffer.from('anyone?'))
    await new Promise<void>((resolve) => console.attach().onEnd(resolve))
  })

  test('leaves no descriptor of the terminal open when it is closed', async () => {
    const descriptors = () =>
      readdirSync('/proc/self/fd').filter((fd) => {
        const path = `/proc/self/fd/${fd}`
        return existsSync(path) && readlinkSync(path).startsWith(pty.path)
      })
    expect(descriptors()).toHaveLength(1)
    console.close()
    await expect.poll(descriptors).toEqual([])
  })

  test('passes on a megabyte without losing a byte, through several rotations of the log', async () => {
    await seen(console.attach(), 'first words\r\n')
    console.close()
    await console.flushed()
    console = await openGuestConsole(await openPty(pty.path), 'big', { ...options(), logBytes: 300_000 })
    let received = 0
    const client = console.attach()
    const line = `${'0123456789'.repeat(10)}\r\n`
    const all = line.repeat(10_000)
    const done = new Promise<void>((resolve) =>
      client.onData((bytes) => {
        received += bytes.length
        if (received === all.length) resolve()
      }),
    )
    pty.say(all)
    await done
    console.close()
    await console.flushed()
    const [older, newest] = [await log('big.log.1'), await log('big.log')]
    expect(older).toHaveLength(300_000)
    expect(all.endsWith(older + newest)).toBe(true)
    expect(older.length + newest.length).toBeLessThanOrEqual(600_000)
  })
})

test.each(['/dev/tty', '/etc/passwd', '/dev/pts/../sda', '/dev/pts/999999'])('%s is not opened', async (path) => {
  await expect(openPty(path)).rejects.toMatchObject({ code: 'xen-unavailable' })
})

describe('on any stream', () => {
  const open = async (more = {}) => {
    const tty = new PassThrough()
    return { tty, console: await openGuestConsole(tty, 'web', { ...options(), ...more }) }
  }
  const say = async (console: GuestConsole, tty: PassThrough, text: string) => {
    const heard = once(tty, 'data')
    tty.push(text)
    await heard
    await console.flushed()
  }

  test('keeps no more history than it was told, to the byte', async () => {
    const { tty, console } = await open({ historyBytes: 10 })
    for (const text of ['abcd', 'efgh', 'ijkl']) await say(console, tty, text)
    expect(console.attach().history.toString()).toBe('cdefghijkl')
    await say(console, tty, '0123456789ABCDEF')
    expect(console.attach().history.toString()).toBe('6789ABCDEF')
  })

  test('appends to the log of an earlier run', async () => {
    for (const text of ['one ', 'two ']) {
      const { tty, console } = await open()
      await say(console, tty, text)
      console.close()
      await console.flushed()
    }
    expect(await log()).toBe('one two ')
    expect((await stat(join(directory, 'web.log'))).mode & 0o777).toBe(0o600)
  })

  test('gives the last lines as plain text, whatever the guest sends', async () => {
    const { tty, console } = await open()
    await say(console, tty, 'old\n\x1b[31mred\x1b[0m\r\n\x1b]0;title\x07bell\x07\r\nlogin: ')
    expect(console.tail(3)).toEqual(['red', expect.stringContaining('bell\\x07'), 'login: '])
    expect(console.tail(3).join('')).not.toMatch(/\p{Cc}/u)
    expect(console.tail(0)).toEqual([])
  })

  test('its last words have the line in which the kernel said why it died, however long the trace after it', async () => {
    const { tty, console } = await open()
    const trace = Array.from({ length: 30 }, (_, index) => ` ? frame+0x${index}`)
    await say(console, tty, ['login:', 'Kernel panic - not syncing: why', ...trace, ''].join('\n'))
    expect(console.lastWords(3)).toEqual(['Kernel panic - not syncing: why', ' ? frame+0x28', ' ? frame+0x29'])
    expect(console.lastWords(31)).toEqual(console.tail(31))
  })

  test('is quiet when it has said nothing for a moment', async () => {
    const { tty, console } = await open()
    const said = console.quiet(5000).then(() => console.tail(1))
    await say(console, tty, 'one\n')
    await say(console, tty, 'two\n')
    expect(await said).toEqual(['two'])
  })

  test('a client that detached hears no more', async () => {
    const { tty, console } = await open()
    const client = console.attach()
    const heard: string[] = []
    client.onData((bytes) => heard.push(bytes.toString()))
    await say(console, tty, 'a')
    client.detach()
    await say(console, tty, 'b')
    expect(heard).toEqual(['a'])
  })

  test('goes on with another terminal while the guest lives, and ends with it', async () => {
    let lives = true
    const { tty, console } = await open({ onHangUp: () => (lives ? 'wait' : 'end') })
    const client = console.attach()
    await say(console, tty, 'before ')
    tty.destroy()
    await once(tty, 'close')
    expect(console.open).toBe(true)
    const another = new PassThrough()
    console.replaceTerminal(another)
    await say(console, another, 'after')
    expect(console.attach().history.toString()).toBe('before after')
    expect(await log()).toBe('before after')
    lives = false
    const ended = new Promise<void>((resolve) => client.onEnd(resolve))
    another.destroy()
    await ended
  })

  test('tells when the last who attached has left', async () => {
    let deserted = 0
    const { console } = await open({ onDeserted: () => deserted++ })
    const [one, other] = [console.attach(), console.attach()]
    one.detach()
    one.detach()
    expect(deserted).toBe(0)
    other.detach()
    expect(deserted).toBe(1)
  })

  test('goes on without its log when that cannot be written', async () => {
    const lost: unknown[] = []
    const { tty, console } = await open({ logBytes: 4, onLogLost: (error: unknown) => lost.push(error) })
    await say(console, tty, 'abcd')
    await rm(directory, { recursive: true })
    await say(console, tty, 'efgh')
    await say(console, tty, 'ijkl')
    expect(console.attach().history.toString()).toBe('abcdefghijkl')
    expect(lost).toHaveLength(1)
  })

  test('does not open a log through a link', async () => {
    await symlink('/dev/null', join(directory, 'web.log'))
    await expect(open()).rejects.toMatchObject({ code: 'ELOOP' })
  })
})
