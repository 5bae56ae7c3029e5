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
      const pvh = (await explain(open)).verdicts.find(({ mode }) => mode === 'pvh')
      expect(pvh?.reasons[0]).toMatchObject({ weight: 'cannot', about: 'host' })
      expect(pvh?.reasons[0]?.why).toContain('hardware virtualization')
      expect(pvh?.reasons[0]?.fix).toContain('BIOS')
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
    test('PVH and HVM work, but with shadow page tables, which is said', async () => {
      expect(await verdicts()).toMatchObject({ pv: 'fits', pvh: 'but', hvm: 'but', pvhvm: 'but' })
      const pvh = (await explain(open)).verdicts.find(({ mode }) => mode === 'pvh')
      expect(pvh?.reasons.find(({ about }) => about === 'host')?.why).toContain('shadow')
    })

    test('a PVH guest starts, in Xen with shadow page tables', async () => {
      await daemon.create(tinyPvgrub('shadowed', 'pvh'))
      const { domid, mode } = await daemon.guest('shadowed')
      expect(mode).toMatchObject({ observed: 'pvh', differs: false })
      expect(await dom0.sh(`xl list -l ${domid} | grep -c '"hap": "False"' || true`)).toBe('1')
    })
  },
}

if (lack === null) throw new Error('these tests are for a lab that lacks something: LAB_LACKS (lab/README.md)')
without[lack]()
