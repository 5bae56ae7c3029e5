import { afterEach, describe, expect, test, vi } from 'vitest'
import type { SimulatedOptions } from '../../../src/daemon/simulated/settings.ts'
import { type DaemonUnderTest, daemonUnderTest } from './daemon-under-test.ts'

const AUTO = 'name = "web"\nmode = "auto"\nmemory = 128\ndisk = ["/srv/web.img,raw,xvda,rw"]\n'
const QCOW2 = AUTO.replace('raw', 'qcow2')
const pvOnly = { version: '3.16.0', bits: 64, canPv: true, canPvh: false } as const

let under: DaemonUnderTest
afterEach(async () => {
  await under[Symbol.asyncDispose]()
})
const begin = async (options: SimulatedOptions = {}) => {
  under = await daemonUnderTest(options)
  return under.daemon.guests
}
const explained = async (text: string, options: SimulatedOptions = {}) =>
  (await begin(options)).explainDefinition({ file: '/root/web.cfg', text })

describe('an explanation', () => {
  test('of a definition says the mode, what decided it, and what would be started', async () => {
    const { choice, start, running, verdicts } = await explained(AUTO)
    expect(choice).toMatchObject({ mode: 'pvh', possible: true })
    expect(choice.steps.at(-1)).toMatchObject({ question: 'Can its kernel boot as PVH?', leadsTo: 'pvh' })
    expect(verdicts.find(({ mode }) => mode === 'pvh')).toEqual({ mode: 'pvh', verdict: 'fits', reasons: [] })
    expect(verdicts.map(({ mode }) => mode)).toEqual(['pv', 'pvh', 'hvm', 'pvhvm', 'pv-in-pvh'])
    expect(start).toMatchObject({
      booted: { how: 'boot-loader', kernelVersion: '6.1.0-simulated' },
      firmware: null,
      deviceModel: { needed: false, reasons: [] },
      problems: [],
    })
    expect(running).toBeNull()
  })

  test('leaves nothing behind', async () => {
    await explained(AUTO)
    expect(under.host.remains()).toEqual([])
  })

  test('of a guest that cannot start in its mode says so for that mode, and which would do', async () => {
    const { choice, verdicts } = await explained(AUTO.replace('auto', 'pvh'), { kernel: () => pvOnly })
    expect(choice).toMatchObject({ mode: 'pvh', possible: false })
    expect(verdicts.find(({ mode }) => mode === 'pvh')).toMatchObject({
      verdict: 'cannot',
      reasons: [{ about: 'kernel', why: expect.stringContaining('PHYS32_ENTRY') as string }],
    })
    expect(verdicts.find(({ mode }) => mode === 'pv')).toMatchObject({ verdict: 'fits' })
  })

  test('of a guest whose disk holds no kernel still answers for every mode', async () => {
    const { verdicts } = await explained(AUTO.replace('auto', 'pvh'), { kernel: () => null })
    const words = Object.fromEntries(verdicts.map(({ mode, verdict }) => [mode, verdict]))
    expect(words).toEqual({ pv: 'cannot', pvh: 'cannot', 'pv-in-pvh': 'cannot', hvm: 'fits', pvhvm: 'fits' })
  })

  test('names what is missing in dom0', async () => {
    const { start } = await explained(AUTO, { exists: () => false })
    expect(start.problems).toMatchObject([{ code: 'file-missing' }])
  })

  test('of a running guest says what its QEMU costs', async () => {
    const guests = await begin()
    await under.create(QCOW2)
    expect((await guests.explain('web')).running).toMatchObject({
      mode: 'pvh',
      deviceModel: { memoryMiB: 32, cpuSeconds: 0.5 },
    })
  })

  test('of a domain of another toolstack is refused with where to look', async () => {
    const guests = await begin()
    const { uuid } = await import('../../../src/words/ids.ts')
    under.host.foreign({ name: 'theirs', uuid: uuid('11111111-2222-4333-8444-555555555555') })
    await vi.waitFor(() => expect(guests.list()).toHaveLength(1))
    await expect(guests.explain('theirs')).rejects.toMatchObject({ code: 'wrong-state' })
  })
})

describe('a start', () => {
  test('of a guest that leaves the choice to us, with nothing to boot outside, lets its firmware boot', async () => {
    await begin({ kernel: () => null })
    expect(await under.create(AUTO)).toMatchObject({ state: 'succeeded' })
    expect(under.daemon.guests.get('web').mode).toMatchObject({ configured: 'auto', chosen: 'pvhvm' })
  })

  test('of a guest that must have a kernel and has none fails with what was looked for', async () => {
    await begin({ kernel: () => null })
    const task = await under.create(AUTO.replace('auto', 'pvh'))
    expect(task).toMatchObject({ state: 'failed', problem: { code: 'boot-not-found', stage: 'find the kernel' } })
  })

  test('that would bring a QEMU along is refused where the guest says so, before anything is built', async () => {
    await begin()
    const task = await under.create(`${QCOW2}device_model_policy = "refuse"\n`)
    expect(task).toMatchObject({ state: 'failed', problem: { code: 'mode-refused', stage: 'choose the mode' } })
    expect(task.problem?.fix).toMatch(/qemu-img convert.*device_model_policy="allow"/)
    expect(under.host.remains()).toEqual([])
  })

  test('that brings a QEMU along is noted in its log', async () => {
    await begin()
    const { log } = await under.create(QCOW2)
    expect(log.join('\n')).toContain('it gets a QEMU: QEMU serves its disk xvda (qcow2)')
  })
})
