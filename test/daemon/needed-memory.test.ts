import { expect, test } from 'vitest'
import { rememberMemory } from '../../src/daemon/xen/needed-memory.ts'

const operation = { signal: new AbortController().signal, log: () => undefined }
const config = (name: string, memory: number) => ({
  c_info: { type: 'pv', name },
  b_info: { max_memkb: memory, kernel: `/tmp/${name}` },
  disks: [{ vdev: 'xvda', pdev_path: `/srv/${name}.img` }],
})

test('libxl is asked once for guests of one shape, and anew for another', async () => {
  const asked: number[] = []
  const needed = rememberMemory(({ b_info }) => {
    const { max_memkb } = b_info as { readonly max_memkb: number }
    asked.push(max_memkb)
    return Promise.resolve(max_memkb + 1)
  })
  expect(await needed(config('web', 100), operation)).toBe(101)
  expect(await needed(config('db', 100), operation)).toBe(101)
  expect(await needed(config('db', 200), operation)).toBe(201)
  expect(await needed({ ...config('web', 100), pcidevs: [{ bus: 1 }] }, operation)).toBe(101)
  expect(asked).toEqual([100, 200, 100])
})

test('what failed is asked again', async () => {
  let times = 0
  const needed = rememberMemory(() => {
    times++
    return times === 1 ? Promise.reject(new Error('the worker died')) : Promise.resolve(5)
  })
  await expect(needed(config('web', 100), operation)).rejects.toThrow('the worker died')
  expect(await needed(config('web', 100), operation)).toBe(5)
})
