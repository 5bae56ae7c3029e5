import { describe, expect, test, vi } from 'vitest'
import { createServiceNotifier, takeSystemdSockets } from '../../src/daemon/systemd.ts'
import { TetrarchError } from '../../src/words/errors.ts'

const PID = 42

describe('sockets of systemd', () => {
  test.each([
    ['none without systemd', {}, { full: null, readOnly: null }],
    ['none when they are for another process', { LISTEN_PID: '41', LISTEN_FDS: '1', LISTEN_FDNAMES: 'full' }, {}],
    ['the full one alone', { LISTEN_PID: '42', LISTEN_FDS: '1', LISTEN_FDNAMES: 'full' }, { full: 3, readOnly: null }],
    [
      'both in whatever order they come',
      { LISTEN_PID: '42', LISTEN_FDS: '2', LISTEN_FDNAMES: 'read-only:full' },
      { full: 4, readOnly: 3 },
    ],
  ])('%s', (_, env, expected) => {
    expect(takeSystemdSockets({ ...env }, PID)).toMatchObject(expected)
  })

  test('are taken once: the variables are gone afterwards', () => {
    const env = { LISTEN_PID: '42', LISTEN_FDS: '1', LISTEN_FDNAMES: 'full', PATH: '/bin' }
    takeSystemdSockets(env, PID)
    expect(env).toEqual({ PATH: '/bin' })
  })

  test('of a name that is not ours are an error that names the setting', () => {
    const env = { LISTEN_PID: '42', LISTEN_FDS: '1', LISTEN_FDNAMES: 'unknown' }
    expect(() => takeSystemdSockets(env, PID)).toThrow(TetrarchError)
  })
})

describe('what systemd is told', () => {
  const listen = (env: Record<string, string>) => {
    const heard: string[] = []
    return { heard, notifier: createServiceNotifier((state) => void heard.push(state), env, PID) }
  }

  test('is nothing when nobody listens', () => {
    const { heard, notifier } = listen({})
    notifier.ready('up')
    using watch = notifier.watch(() => true)
    expect(watch).toBeDefined()
    expect(heard).toEqual([])
  })

  test('is readiness, status and the end, each status on one line', () => {
    const { heard, notifier } = listen({ NOTIFY_SOCKET: '/run/notify' })
    notifier.ready('4 guests')
    notifier.status('5 guests\nREADY=0')
    notifier.stopping()
    expect(heard).toEqual([
      'READY=1\nSTATUS=4 guests',
      'STATUS=5 guests READY=0',
      'STOPPING=1\nSTATUS=stopping; guests keep running',
    ])
  })

  test('is a sign of life at half the watchdog time, as long as the daemon says it is well', () => {
    vi.useFakeTimers()
    const { heard, notifier } = listen({ NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: '4000000', WATCHDOG_PID: '42' })
    let well = true
    const watch = notifier.watch(() => well)
    vi.advanceTimersByTime(4000)
    expect(heard).toEqual(['WATCHDOG=1', 'WATCHDOG=1'])
    well = false
    vi.advanceTimersByTime(4000)
    expect(heard).toHaveLength(2)
    well = true
    watch[Symbol.dispose]()
    vi.advanceTimersByTime(4000)
    expect(heard).toHaveLength(2)
    vi.useRealTimers()
  })

  test('is no sign of life when the watchdog watches another process', () => {
    vi.useFakeTimers()
    const { heard, notifier } = listen({ NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: '4000000', WATCHDOG_PID: '41' })
    using watch = notifier.watch(() => true)
    vi.advanceTimersByTime(10_000)
    expect(watch).toBeDefined()
    expect(heard).toEqual([])
    vi.useRealTimers()
  })
})
