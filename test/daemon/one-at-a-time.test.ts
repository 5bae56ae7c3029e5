import { expect, test } from 'vitest'
import { oneAtATime } from '../../src/daemon/one-at-a-time.ts'

/** Work that ends when it is told to; how often it began, and how often two went on at once. */
function slowWork() {
  const ends: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = []
  let now = 0
  let most = 0
  const work = async (): Promise<void> => {
    most = Math.max(most, ++now)
    const { promise, resolve, reject } = Promise.withResolvers<undefined>()
    ends.push({ resolve: () => resolve(undefined), reject })
    await promise.finally(() => now--)
  }
  return { work, ends, most: () => most }
}
const microtasks = () => new Promise((resolve) => setImmediate(resolve))

test('calls while the work is under way share one further run, begun after it', async () => {
  const { work, ends, most } = slowWork()
  const call = oneAtATime(work)
  const first = call()
  const [second, third] = [call(), call()]
  ends[0]?.resolve()
  await first
  const fourth = call()
  await microtasks()
  expect(ends).toHaveLength(2)
  const fifth = call()
  ends[1]?.resolve()
  await Promise.all([second, third])
  await microtasks()
  expect(ends).toHaveLength(3)
  ends[2]?.resolve()
  await Promise.all([fourth, fifth])
  expect(most()).toBe(1)
})

test('work that fails fails its callers, and the next call works again', async () => {
  const { work, ends } = slowWork()
  const call = oneAtATime(work)
  const [first, second] = [call(), call()]
  ends[0]?.reject(new Error('no'))
  await expect(first).rejects.toThrow('no')
  await microtasks()
  ends[1]?.resolve()
  await second
  expect(ends).toHaveLength(2)
})
