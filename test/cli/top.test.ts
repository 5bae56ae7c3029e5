import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { GuestUsage, Usage } from '../../src/api/usage.ts'
import { bytesText, percentText, sparkline } from '../../src/cli/top/numbers.ts'
import { type Sample, sampleBetween } from '../../src/cli/top/sample.ts'
import { drawTop, sampleLines } from '../../src/cli/top/top-screen.ts'
import { type TopState, openTop, press, receive, sorted } from '../../src/cli/top/top-state.ts'
import { type ServedDaemon, WEB, serveDaemon } from '../daemon/http/served-daemon.ts'
import { runCli, runInTerminal } from './run-cli.ts'

const guest = (name: string, more: Partial<GuestUsage> = {}): GuestUsage => ({
  ...{ name, uuid: `uuid of ${name}`, domid: 1, state: 'running', managed: true, vcpus: 2 },
  ...{ memoryMiB: 512, cpuSeconds: 0, disks: [], nics: [], deviceModel: null },
  mode: { configured: 'pvh', chosen: 'pvh', observed: 'pvh' },
  ...more,
})
const disk = (readBytes: number, writtenBytes: number) => ({
  ...{ name: 'xvda', reads: 0, writes: 0, flushes: 0 },
  readBytes,
  writtenBytes,
})
const usage = (clockMs: number, ...guests: readonly GuestUsage[]): Usage => ({
  clockMs,
  host: { cpus: 4, memoryMiB: 16_384, freeMemoryMiB: 8192 },
  guests: [...guests],
})
const NOON = '2030-01-01T12:00:00.000Z'
const between = (before: Usage, after: Usage): Sample => sampleBetween(before, after, NOON)

describe('rates between two readings', () => {
  test('are by the second of the daemon’s clock', () => {
    const sample = between(
      usage(1000, guest('web', { cpuSeconds: 10, disks: [disk(1000, 0)] })),
      usage(3000, guest('web', { cpuSeconds: 11, disks: [disk(5000, 600)] })),
    )
    expect(sample).toMatchObject({ time: NOON, seconds: 2 })
    expect(sample.guests).toMatchObject([{ cpuPercent: 50, disk: { read: 2000, written: 300 }, network: null }])
  })

  test('are not known of a domain that was not there, also when its guest was', () => {
    const sample = between(usage(0, guest('web')), usage(1000, guest('web', { domid: 2 }), guest('new')))
    expect(sample.guests.map(({ cpuPercent }) => cpuPercent)).toEqual([null, null])
  })

  test('leave a device out that was attached meanwhile', () => {
    const sample = between(usage(0, guest('web')), usage(1000, guest('web', { disks: [disk(9999, 9999)] })))
    expect(sample.guests).toMatchObject([{ disk: { read: 0, written: 0 } }])
  })

  test('of a QEMU begin again with another process', () => {
    const model = (pid: number, cpuSeconds: number) => ({ deviceModel: { pid, cpuSeconds, memoryMiB: 64 } })
    const of = (after: ReturnType<typeof model>) =>
      between(usage(0, guest('web', model(7, 1))), usage(1000, guest('web', after))).guests[0]?.deviceModel
    expect(of(model(7, 1.5))).toEqual({ pid: 7, cpuPercent: 50, memoryMiB: 64 })
    expect(of(model(8, 0.1))).toEqual({ pid: 8, cpuPercent: null, memoryMiB: 64 })
  })
})

test.each([
  [0, '0'],
  [812, '812'],
  [999.4, '999'],
  [999.6, '1.0K'],
  [9.9 * 1024, '9.9K'],
  [9.96 * 1024, '10K'],
  [123 * 1024 ** 2, '123M'],
  [1.5 * 1024 ** 4, '1.5T'],
])('%d bytes are %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text)
})

test.each([
  [null, '–'],
  [0.25, '0.3'],
  [99.94, '99.9'],
  [99.96, '100'],
  [1600, '1600'],
])('%j percent are %s', (percent, text) => {
  expect(percentText(percent)).toBe(text)
})

test('a sparkline shows the newest right, and nothing for what is not known', () => {
  expect(sparkline([null, 0, 50, 100, 250], { most: 100, width: 6 })).toBe('  ▁▄██')
  expect(sparkline([1, 2, 3, 100, 0], { most: 100, width: 2 })).toBe('█▁')
})

const busy = (cpu: readonly (readonly [name: string, cpuSeconds: number, memoryMiB: number])[]): Sample =>
  between(
    usage(0, ...cpu.map(([name]) => guest(name))),
    usage(1000, ...cpu.map(([name, cpuSeconds, memoryMiB]) => guest(name, { cpuSeconds, memoryMiB }))),
  )
const plain = (_: unknown, text: string) => text
const names = (state: TopState) => sorted(state.sample?.guests ?? [], state.sort, state.order).map(({ name }) => name)
const key = (state: TopState, name: string, ctrl = false): TopState => {
  const next = press(state, { name, ctrl })
  if (next === 'leave') throw new Error(`${name} leaves`)
  return next
}

describe('keys', () => {
  const sample = busy([
    ['a', 0.1, 300],
    ['b', 0.3, 100],
    ['c', 0.2, 200],
  ])
  const state = receive(openTop('cpu'), sample)

  test('sort, and reverse', () => {
    expect(names(state)).toEqual(['b', 'c', 'a'])
    expect(names(key(state, 'm'))).toEqual(['a', 'c', 'b'])
    expect(names(key(state, 'n'))).toEqual(['a', 'b', 'c'])
    expect(names(key(key(state, 'n'), 'r'))).toEqual(['c', 'b', 'a'])
  })

  test('move, not past the last row, which may have gone meanwhile', () => {
    const down = key(key(state, 'down'), 'pagedown')
    expect(down.first).toBe(2)
    expect(receive(down, busy([['a', 0, 1]])).first).toBe(0)
    expect(key(state, 'up').first).toBe(0)
  })

  test.each([
    ['q', false],
    ['escape', false],
    ['c', true],
    ['d', true],
  ])('%s leaves (with Ctrl: %j)', (name, ctrl) => {
    expect(press(state, { name, ctrl })).toBe('leave')
  })

  test('that mean nothing change nothing', () => {
    expect(press(state, { name: 'x' })).toBe(state)
  })
})

test('only domains that are there are remembered', () => {
  const state = receive(receive(openTop('cpu'), busy([['a', 0.5, 1]])), busy([['b', 0.5, 1]]))
  expect([...state.history.keys()]).toEqual(['uuid of b'])
})

describe('the screen', () => {
  const many = Array.from({ length: 30 }, (_, index) => [`guest-${index}`, index / 100, 128] as const)
  const state = receive(openTop('cpu'), busy(many))

  test.each([
    [80, 24],
    [80, 10],
    [132, 50],
    [40, 12],
    [30, 5],
  ])('of %i columns and %i rows is filled, and no line is longer', (columns, rows) => {
    const lines = drawTop(state, { columns, rows, delay: 1 }, plain)
    expect(lines.length).toBe(Math.max(rows, 6))
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns)
  })

  test('says what is there, what sorts, and which rows are seen', () => {
    const [when, sums, , heading, row, ...rest] = drawTop(state, { columns: 80, rows: 24, delay: 2 }, plain)
    expect(when).toMatch(/^\d\d:00:00 {2}30 guests: 30 pvh {2}\(every 2 s\) {2}rows 1–19$/)
    expect(sums).toBe('CPU 435% of 400%   memory 3.8G of 16G, 8.0G free   QEMU 0')
    expect(heading).toMatch(/^NAME +MODE STATE +CPU% LATELY +MEM READ WRITE RECV SENT QCPU% QMEM$/)
    expect(row).toMatch(/^guest-29 +pvh +running 29\.0 +▂ 128M +– +– +– +– +– +–$/)
    expect(rest.at(-1)).toBe('q leaves  sort: c CPU ▾  m memory  d disk  t traffic  e QEMU  n name  r reverse')
  })

  test('keeps the last sample while the daemon does not answer, and says so', () => {
    const lines = drawTop({ ...state, trouble: 'no answer' }, { columns: 80, rows: 24, delay: 1 }, plain)
    expect(lines[1]).toBe('no answer')
    expect(lines[4]).toContain('guest-29')
  })

  test('says that nothing runs', () => {
    const lines = drawTop(receive(openTop('cpu'), busy([])), { columns: 80, rows: 10, delay: 1 }, plain)
    expect(lines).toContain('no guest runs')
    expect(lines).toHaveLength(10)
  })

  test('shows control characters of a name as text', () => {
    expect(sampleLines(busy([['x\u001b[2J', 0, 1]]), 'cpu').join('\n')).not.toContain('\u001b')
  })
})

describe('tetrarch top', () => {
  let served: ServedDaemon
  beforeAll(async () => {
    served = await serveDaemon()
    const both = { web: WEB, vm: WEB.replaceAll('web', 'vm').replace('"pvh"', '"hvm"') }
    for (const [name, text] of Object.entries(both)) {
      await served.ask('PUT', `/v1/guests/${name}/definition`, { text })
      await served.ask('POST', '/v1/guests?wait=5000', { name })
    }
    await vi.waitFor(async () => {
      const [, vm] = await served.client.call('guests', {})
      expect(vm?.mode.observed).toBe('pvhvm')
    })
  })
  afterAll(() => served.stop())
  const cli = (...args: string[]) => runCli(args, { socket: served.sockets.full })

  test('prints one sample without decoration in a pipe', async () => {
    const { status, stdout, stderr } = await cli('top', '--delay', '0.2', '--sort', 'name')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const [heading, vm, web, ...rest] = stdout.split('\n')
    expect(heading).toMatch(/^NAME {2}MODE +STATE +CPU% +MEM +READ +WRITE +RECV +SENT +QCPU% +QMEM$/)
    expect(vm).toMatch(/^vm +pvhvm +running +\d+\.\d +128M +\S+K +\S+K +– +– +0\.0 +32M$/)
    expect(web).toMatch(/^web +pvh +running +\d+\.\d +128M +\S+K +\S+K +– +– +– +–$/)
    expect(rest).toEqual([''])
  })

  test('prints each sample as a line of JSON', async () => {
    const { stdout } = await cli('top', '--json', '--samples', '2', '--delay', '0.1')
    const samples = stdout.trimEnd().split('\n')
    expect(samples).toHaveLength(2)
    expect(JSON.parse(samples[1] ?? '')).toMatchObject({
      guests: [
        { name: 'web', mode: { observed: 'pvh' }, disk: { read: expect.any(Number) as number }, deviceModel: null },
        { name: 'vm', deviceModel: { cpuPercent: 0, memoryMiB: 32 } },
      ],
    })
  })

  test.each([
    [['--delay', '0'], '--delay takes seconds from 0.1 to 3600, not "0"'],
    [['--sort', 'size'], 'there is no column "size" to sort by'],
    [['--samples', 'x'], '--samples takes a whole number, not "x"'],
  ])('%j is refused', async (args, what) => {
    const { status, stderr } = await cli('top', ...args)
    expect({ status, what: stderr.split('\n')[0] }).toEqual({ status: 2, what: `error: ${what}` })
  })

  const terminal = (type: readonly (readonly [string, string])[], env: Readonly<Record<string, string>> = {}) =>
    runInTerminal(['top', '--delay', '0.2'], { socket: served.sockets.full, env, type })

  test('is live on a terminal, obeys keys, and gives the terminal back', async () => {
    const { status, stdout } = await terminal([
      ['CPU ▾', 'm'],
      ['memory ▾', 'q'],
    ])
    expect(status).toBe(0)
    expect(stdout.startsWith('\u001b[?1049h\u001b[?25l')).toBe(true)
    expect(stdout.endsWith('\u001b[?25h\u001b[?1049l')).toBe(true)
    // Each screen begins at the first place of the first line.
    const lines = stdout.split('\u001b[H').flatMap((screen) => stripVTControlCharacters(screen).split('\r\n'))
    expect(lines.filter((line) => line.length > 80)).toEqual([])
  })

  test('has no colours with NO_COLOR', async () => {
    const { stdout } = await terminal([['CPU ▾', 'q']], { NO_COLOR: '1' })
    expect(stdout).not.toMatch(/\u001b\[[0-9;]*m/)
    expect(stdout).toContain('QMEM')
  })
})
