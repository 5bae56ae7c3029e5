import { expect, test, vi } from 'vitest'
import { daemonUnderTest } from './daemon-under-test.ts'

test('a list asks the hypervisor once and reads nothing of xenstore, however many guests there are', async () => {
  await using daemon = await daemonUnderTest()
  const { host } = daemon
  const costs = async (guests: number) => {
    for (let number = guests / 2; number < guests; number++)
      await daemon.create(`name = "small${number}"\ntype = "pvh"\nmemory = 32\nkernel = "/boot/vmlinuz"\n`)
    const spies = [vi.spyOn(host, 'domains'), vi.spyOn(host, 'domain'), vi.spyOn(host, 'describe')]
    expect(daemon.daemon.guests.list().length).toBeGreaterThanOrEqual(guests / 2)
    const calls = spies.map((spy) => spy.mock.calls.length)
    for (const spy of spies) spy.mockRestore()
    return calls
  }
  expect(await costs(2)).toEqual([1, 0, 0])
  expect(await costs(8)).toEqual([1, 0, 0])
})
