import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { KernelFacts } from '../../../src/modes/facts.ts'
import { type DaemonUnderTest, daemonUnderTest } from './daemon-under-test.ts'

const WEB = 'name = "web"\nmode = "auto"\nmemory = 128\ntags = "blue"\ndisk = ["/srv/web.img,raw,xvda,rw"]\n'

let under: DaemonUnderTest
afterEach(async () => {
  await under[Symbol.asyncDispose]()
})
const until = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 5 })
const web = () => under.daemon.guests.get('web')

async function defined(text: string) {
  await under.define('web', text)
  await until(() => expect(under.daemon.guests.list()).toHaveLength(1))
}
const start = () => under.finished(under.daemon.guests.create({ name: 'web', paused: false }, 'test'))

describe('a halted guest', () => {
  test('shows what it was last seen as, also to the next daemon', async () => {
    under = await daemonUnderTest()
    await defined(WEB)
    expect(web().mode.lastSeen).toBeNull()
    await start()
    await until(() => expect(web().mode.lastSeen?.mode).toBe('pvh'))
    await under.act('destroy', 'web')
    await under.startAnew()
    expect(web()).toMatchObject({
      state: 'halted',
      mode: { observed: null, differs: false, lastSeen: { mode: 'pvh' } },
    })
  })

  test('is remembered by what it was once its drivers had come, not by how it ended', async () => {
    under = await daemonUnderTest()
    await defined(WEB.replace('auto', 'pvhvm').replace('xvda', 'hda'))
    await start()
    await until(() => expect(web().mode.lastSeen?.mode).toBe('pvhvm'))
    await under.act('shutdown', 'web')
    expect(web().mode.lastSeen?.mode).toBe('pvhvm')
  })

  test('whose memory is damaged is a guest without one', async () => {
    under = await daemonUnderTest()
    await defined(WEB)
    await start()
    await until(() => expect(web().mode.lastSeen?.mode).toBe('pvh'))
    await writeFile(join(under.config.paths.state, 'modes', `${web().uuid}.json`), '{"version":')
    await under.act('destroy', 'web')
    await under.startAnew()
    expect(web().mode.lastSeen).toBeNull()
  })
})

test('another choice than the last time is told with what decided it', async () => {
  let facts: KernelFacts = { version: '6.1.0', bits: 64, canPv: true, canPvh: true }
  under = await daemonUnderTest({ kernel: () => facts })
  await defined(WEB)
  await start()
  await under.act('destroy', 'web')
  facts = { ...facts, canPvh: false }
  await start()
  const told = (await under.events()).filter(({ kind }) => kind === 'guest.choice')
  expect(told).toMatchObject([
    {
      guest: 'web',
      from: 'pvh',
      to: 'pv',
      evidence: expect.arrayContaining([expect.stringContaining('PHYS32_ENTRY')]) as unknown,
    },
  ])
})

test('a list is narrowed by a query over fields of the guest and of its definition', async () => {
  under = await daemonUnderTest()
  await defined(WEB)
  await start()
  const names = (query: string) => under.daemon.guests.list(query).map(({ name }) => name)
  expect(names('virtualizationMode:pvh tags:blue disks:length:>=1')).toEqual(['web'])
  expect(names('state:halted')).toEqual([])
  expect(() => names('virtualisationMode:pvh')).toThrow('this is no query')
})
