/** What tetrarch says and does on a host that lacks something (LAB_LACKS), against Xen's own words. */
import { afterEach, beforeAll, expect, test } from 'vitest'
import { dom0 } from '../../lab/dom0.ts'
import { LACKS, chosenLack } from '../../lab/flavours.ts'
import { type LabDaemon, labDaemon, remains } from '../lab/lab-daemon.ts'
import { small, tinyPvgrub } from '../lab/small-guests.ts'

const lack = chosenLack(process.env)

let daemon: LabDaemon
beforeAll(async () => {
  daemon = await labDaemon()
  await daemon.clear()
})
afterEach(() => daemon.clear())

const open = small('open', 'pvh').replace('type = "pvh"', 'mode = "auto"')
const explain = (text: string) =>
  daemon.api.call('explainDefinition', { body: { definition: { file: '/root/test.cfg', text } } })
const verdicts = async () =>
  Object.fromEntries((await explain(open)).verdicts.map(({ mode, verdict }) => [mode, verdict]))
/** What the host has against a mode. */
const reasonAgainst = async (name: string) =>
  (await explain(open)).verdicts
    .find(({ mode }) => mode === name)
    ?.reasons.find(({ weight, about }) => weight === 'cannot' && about === 'host')

test("the host's facts are those that xl names", async () => {
  const { capabilities } = await daemon.api.call('host', {})
  const caps = /virt_caps *: *(.*)/.exec(await dom0.sh('xl info'))?.[1]?.split(' ') ?? []
  for (const one of ['pv', ...Object.keys(LACKS)] as const)
    expect([one, capabilities.includes(one as (typeof capabilities)[number])]).toEqual([one, caps.includes(one)])
  expect(capabilities).not.toContain(lack)
})

const without = {
  hvm: () => {
    test('every mode but PV is impossible, for a reason of the host with its way out', async () => {
      expect(await verdicts()).toMatchObject({
        pv: 'fits',
        'pv-in-pvh': 'cannot',
        pvh: 'cannot',
        hvm: 'cannot',
        pvhvm: 'cannot',
      })
      expect((await reasonAgainst('pvh'))?.why).toContain('hardware virtualization')
      expect((await reasonAgainst('pvh'))?.fix).toContain('firmware setup')
    })

    test('a guest whose mode is open starts as PV, and says why', async () => {
      expect((await explain(open)).choice).toMatchObject({ mode: 'pv', possible: true })
      await daemon.create(open)
      const { domid, mode } = await daemon.guest('open')
      expect(mode).toMatchObject({ configured: 'auto', chosen: 'pv', observed: 'pv' })
      expect(await dom0.sh(`xenstore-read /libxl/${domid}/type`)).toBe('pv')
      expect(await daemon.marker('open')).toContain('type=PV')
    })

    test('a PVH guest is refused before anything is built', async () => {
      expect(await daemon.tryToCreate(tinyPvgrub('refused', 'pvh'))).toMatchObject({
        state: 'failed',
        problem: { code: 'host-lacks', why: expect.stringContaining('hardware virtualization') as string },
      })
      expect(await remains()).toBe('')
    })
  },

  hap: () => {
    test('every mode but PV is impossible, since this Xen has no shadow page tables either', async () => {
      expect(await dom0.sh('xl info')).not.toMatch(/virt_caps.* (hap|shadow)/)
      const cannot = expect.stringMatching('cannot') as string
      expect(await verdicts()).toMatchObject({
        pv: 'fits',
        'pv-in-pvh': cannot,
        pvh: cannot,
        hvm: cannot,
        pvhvm: cannot,
      })
      expect((await reasonAgainst('pvh'))?.why).toContain('hardware assisted paging')
      expect((await reasonAgainst('pvh'))?.fix).toContain('hap=0')
    })

    test('a guest whose mode is open starts as PV', async () => {
      expect((await explain(open)).choice).toMatchObject({ mode: 'pv', possible: true })
      await daemon.create(open)
      expect((await daemon.guest('open')).mode).toMatchObject({ chosen: 'pv', observed: 'pv' })
    })
  },
}

if (lack === null) throw new Error('these tests are for a lab that lacks something: LAB_LACKS (lab/README.md)')
without[lack]()
