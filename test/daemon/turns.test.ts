import { expect, test } from 'vitest'
import { turns } from '../../src/daemon/turns.ts'

test('only so much runs at once, in the order it came, and a failure gives its turn on', async () => {
  const turn = turns(2)
  const begun: number[] = []
  const ends = [0, 1, 2, 3].map(() => Promise.withResolvers<number>())
  const results = ends.map((end, index) =>
    turn(() => {
      begun.push(index)
      return end.promise
    }),
  )
  expect(begun).toEqual([0, 1])
  ends[1]!.reject(new Error('broken'))
  await expect(results[1]).rejects.toThrow('broken')
  expect(begun).toEqual([0, 1, 2])
  ends[0]!.resolve(0)
  await results[0]
  expect(begun).toEqual([0, 1, 2, 3])
  ends[2]!.resolve(2)
  ends[3]!.resolve(3)
  expect(await Promise.all([results[2], results[3]])).toEqual([2, 3])
  await expect(turn(() => Promise.resolve('free again'))).resolves.toBe('free again')
})
