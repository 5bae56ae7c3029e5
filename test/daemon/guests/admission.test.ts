import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type DaemonUnderTest, daemonUnderTest } from './daemon-under-test.ts'

const guest = (name: string) => `name = "${name}"\ntype = "pvh"\nmemory = 600\nkernel = "/vmlinuz"\n`

let under: DaemonUnderTest
beforeEach(async () => {
  // 1000 MiB are left for guests.
  under = await daemonUnderTest({ memoryMiB: 1512, dom0MemoryMiB: 512 })
})
afterEach(async () => {
  await under[Symbol.asyncDispose]()
})

const begin = (name: string) =>
  under.daemon.guests.create({ definition: { file: `/${name}.cfg`, text: guest(name) }, paused: false }, 'test')

test('creates at the same time are not promised the same memory', async () => {
  const tasks = await Promise.all(['a', 'b', 'c'].map((name) => under.finished(begin(name))))
  expect(tasks.map(({ state }) => state).sort()).toEqual(['failed', 'failed', 'succeeded'])
  for (const { problem } of tasks.filter(({ state }) => state === 'failed')) {
    expect(problem).toMatchObject({ code: 'no-memory', stage: 'check the memory' })
    expect(problem?.why).toMatch(/^\d+ MiB are missing$/)
    expect(problem?.evidence?.join('\n')).toMatch(/(a|b|c) (has 600|is being built and gets \d+) MiB/)
  }
})

test('what a failed create was promised is free again', async () => {
  under.host.hangNext('build')
  const { id } = begin('a')
  await vi.waitFor(() => expect(under.host.hangs('build')).toBe(true), { timeout: 5000 })
  expect(await under.finished(begin('b'))).toMatchObject({ problem: { code: 'no-memory' } })
  under.daemon.tasks.cancel(id)
  await under.daemon.tasks.wait(id, 5000)
  expect(await under.finished(begin('b'))).toMatchObject({ state: 'succeeded' })
})

test('a guest with more vCPUs than the host has processors is told so', async () => {
  const task = await under.create(`${guest('a')}vcpus = 64\n`)
  expect(task.log.join('\n')).toContain('it has 64 vCPUs and the host 4 processors')
})
