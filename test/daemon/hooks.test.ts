/** Real programs, told by a real bus. */
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Writable } from 'node:stream'
import type { EventBody } from '../../src/api/event.ts'
import { EventBus } from '../../src/daemon/events.ts'
import { Hooks } from '../../src/daemon/hooks.ts'

const HOOK_MS = 400
let root: string
let folder: string
let bus: EventBus
let hooks: Hooks
let log: Record<string, unknown>[]

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tetrarch-hooks-'))
  folder = join(root, 'hooks.d')
  await mkdir(folder)
  bus = new EventBus({ history: 50, coalesceBehind: 1000 })
  log = []
  const lines = new Writable({
    write(line: Buffer, _encoding, done) {
      log.push(JSON.parse(line.toString()) as Record<string, unknown>)
      done()
    },
  })
  hooks = new Hooks({ folder, bus, log: pino({ base: null }, lines), hookMs: HOOK_MS, hookOutputBytes: 100 })
})
afterEach(async () => {
  await hooks[Symbol.asyncDispose]()
  await rm(root, { recursive: true, force: true })
})

async function program(name: string, script: string, mode = 0o755): Promise<void> {
  const path = join(root, name)
  await writeFile(path, `#!/bin/sh\nR=${root}\n${script}\n`)
  await chmod(path, mode)
  // Whole and executable at once, as one would install it.
  await rename(path, join(folder, name))
}
const gone = (guest: string): EventBody => ({ kind: 'guest.gone', guest, uuid: 'u', domid: null, reason: 'poweroff' })
const text = (name: string) => readFile(join(root, name), 'utf8').catch(() => '')
const until = (check: () => Promise<void> | void) => vi.waitFor(check, { timeout: 5000, interval: 20 })

test('a program gets each event as JSON, its kind as an argument, and nothing of our environment', async () => {
  await program('notify', 'cat >> $R/got; echo "$1 $TETRARCH_GUEST ${HOME-none}" >> $R/args')
  await hooks.begin()
  bus.publish(gone('web'))
  bus.publish(gone('db'))
  await until(async () => expect((await text('args')).split('\n')).toHaveLength(3))
  const events = (await text('got'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as object)
  expect(events).toMatchObject([
    { kind: 'guest.gone', guest: 'web', seq: 1 },
    { kind: 'guest.gone', guest: 'db', seq: 2 },
  ])
  expect(await text('args')).toBe('guest.gone web none\nguest.gone db none\n')
})

test('one that hangs is ended with what it started, and delays no other', async () => {
  await program('hangs', 'sleep 1000 & echo $! > $R/child; wait')
  await program('quick', 'echo $TETRARCH_GUEST >> $R/quick')
  await hooks.begin()
  const begun = Date.now()
  bus.publish(gone('web'))
  expect(Date.now() - begun).toBeLessThan(100)
  await until(async () => expect(await text('quick')).toBe('web\n'))
  await until(() =>
    expect(log).toContainEqual(expect.objectContaining({ msg: `hook hangs was ended after ${HOOK_MS} ms` })),
  )
  const child = Number(await text('child'))
  await until(() => expect(() => process.kill(child, 0)).toThrow())
})

test('one that is too slow learns how many events it missed', async () => {
  await program('slow', 'cat >> $R/got; sleep 0.2')
  await hooks.begin()
  bus.publish(gone('first'))
  await until(async () => expect(await text('got')).toContain('first'))
  for (let count = 0; count < 80; count++) bus.publish(gone(`n${count}`))
  await until(async () => expect(await text('got')).toContain('"kind":"lost","count":30'))
})

test('what fails is logged with what it said, bounded and without control characters', async () => {
  await program('fails', `printf '\\033[31mno\\n'; head -c 100000 /dev/zero; exit 3`)
  await hooks.begin()
  bus.publish(gone('web'))
  await until(() => expect(log).toHaveLength(1))
  expect(log[0]).toMatchObject({
    msg: 'hook fails failed with exit code 3',
    output: expect.stringMatching(/^\\x1b\[31mno/) as string,
  })
  expect(String(log[0]?.['output']).length).toBeLessThan(500)
})

test('a program that others may write is not run, nor what an editor left behind', async () => {
  await program('loose', 'echo bad >> $R/bad', 0o777)
  await program('notify~', 'echo bad >> $R/bad')
  await program('good', 'echo good >> $R/good')
  await hooks.begin()
  bus.publish(gone('web'))
  await until(async () => expect(await text('good')).toBe('good\n'))
  expect(await text('bad')).toBe('')
  expect(log).toContainEqual(expect.objectContaining({ msg: 'hook loose is not run: others than root may write it' }))
})

test('one that is put there while the daemon runs is told from then on', async () => {
  await hooks.begin()
  bus.publish(gone('before'))
  await program('late', 'echo $TETRARCH_GUEST >> $R/late')
  await until(async () => {
    bus.publish(gone('after'))
    expect(await text('late')).toMatch(/^after\n/)
  })
})

test('a folder that is not there is no error', async () => {
  await rm(folder, { recursive: true })
  await hooks.begin()
  bus.publish(gone('web'))
})
