import { describe, expect, test } from 'vitest'
import { inOrder, startOrder, stopOrder } from '../../../src/daemon/order/order.ts'

const guest = (name: string, ...startAfter: string[]) => ({ name, startAfter })

/** The names in the order in which their work began. */
async function orderOf(before: ReadonlyMap<string, readonly string[]>): Promise<readonly string[]> {
  const begun: string[] = []
  await inOrder(before, (name) => {
    begun.push(name)
    return Promise.resolve()
  })
  return begun
}

describe('guests that start with the host', () => {
  test('come after those that they name, whatever the order of the definitions', async () => {
    const { before } = startOrder([guest('web', 'app'), guest('app', 'db', 'cache'), guest('cache'), guest('db')])
    const order = await orderOf(before)
    expect(order.indexOf('app')).toBeGreaterThan(Math.max(order.indexOf('db'), order.indexOf('cache')))
    expect(order.at(-1)).toBe('web')
  })

  test('wait only for guests that start with the host as well', () => {
    expect(startOrder([guest('web', 'nowhere')]).before.get('web')).toEqual([])
  })

  test('of a cycle are named with the whole of it, and are left out', () => {
    const { before, cycles } = startOrder([
      guest('a', 'b'),
      guest('b', 'c'),
      guest('c', 'a'),
      guest('d', 'a'),
      guest('e', 'e'),
    ])
    expect(Object.fromEntries(cycles)).toEqual({
      a: 'a → b → c → a',
      b: 'b → c → a → b',
      c: 'c → a → b → c',
      e: 'e → e',
    })
    expect([...before]).toEqual([['d', []]])
  })
})

describe('guests that stop with the host', () => {
  test('stop in the reverse order, those of a cycle among them', async () => {
    const order = await orderOf(
      stopOrder([guest('db'), guest('app', 'db'), guest('web', 'app'), guest('a', 'b'), guest('b', 'a')]),
    )
    expect(order.filter((name) => name.length > 1)).toEqual(['web', 'app', 'db'])
    expect(order).toHaveLength(5)
  })
})
