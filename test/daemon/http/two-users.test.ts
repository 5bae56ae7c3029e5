import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Client, createClient } from '../../../src/api/client.ts'
import { asTetrarchError } from '../../../src/words/errors.ts'
import { type ServedDaemon, WEB, serveDaemon } from './served-daemon.ts'

let served: ServedDaemon
let other: Client
beforeEach(async () => {
  served = await serveDaemon()
  other = createClient({ socketPath: served.sockets.full })
})
afterEach(async () => {
  other[Symbol.dispose]()
  await served.stop()
})

const create = () => served.client.call('create', { body: { definition: { file: '/tmp/web.cfg', text: WEB } } })
const web = { params: { guest: 'web' } }

test('each sees what the other has begun, who began it, and how far it is', async () => {
  served.host.hangNext('build')
  const { id } = await create()
  await vi.waitFor(async () => {
    expect(await other.call('tasks', {})).toMatchObject([
      { id, kind: 'create', guest: 'web', state: 'running', stage: 'build the domain', caller: /process \d+/ },
    ])
  })
})

test('what makes no sense while the other is at work is refused at once, with the reason; a destroy cancels it', async () => {
  served.host.hangNext('build')
  const { id } = await create()
  for (const verb of ['shutdown', 'reboot', 'pause', 'unpause'] as const)
    await expect(other.call(verb, web)).rejects.toMatchObject({
      code: 'wrong-state',
      parts: { why: 'it is being started' },
    })
  await expect(
    other.call('create', { body: { definition: { file: '/tmp/web.cfg', text: WEB } } }),
  ).rejects.toMatchObject({
    code: 'already-exists',
  })
  await other.call('destroy', { ...web, query: { wait: 5000 } })
  expect(await served.client.call('task', { params: { task: id } })).toMatchObject({ state: 'cancelled' })
  expect(served.host.remains()).toEqual([])
})

test('of two who ask the same, the second is told when its turn comes', async () => {
  await served.client.call('create', {
    body: { definition: { file: '/tmp/web.cfg', text: WEB } },
    query: { wait: 5000 },
  })
  const pause = (client: Client) => client.call('pause', { ...web, query: { wait: 5000 } })
  const refusal = (thrown: unknown) => {
    const { code, parts } = asTetrarchError(thrown)
    return { state: 'failed', problem: { code, why: parts.why } }
  }
  const [first, second] = await Promise.all([pause(served.client), pause(other).catch(refusal)])
  expect(first).toMatchObject({ state: 'succeeded' })
  expect(second).toMatchObject({ state: 'failed', problem: { code: 'wrong-state', why: 'it is paused already' } })
})
