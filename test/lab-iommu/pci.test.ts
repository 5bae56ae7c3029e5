/** A PCI device of the host in a guest, under the measures of the unit: by what the guest finds and what Xen says (LAB_HAS=iommu). */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { dom0 } from '../../lab/dom0.ts'
import { chosenExtra } from '../../lab/flavours.ts'
import { type LabDaemon, labDaemon } from '../lab/lab-daemon.ts'
import { small } from '../lab/small-guests.ts'

if (chosenExtra(process.env) !== 'iommu')
  throw new Error('this test is for a lab with an IOMMU: LAB_HAS=iommu (lab/README.md)')

/** The spare network card of that lab, and its identity (Intel 82574L). */
const DEVICE = '0000:00:10.0'
const IDENTITY = '0x8086:0x10d3'

let daemon: LabDaemon
beforeAll(async () => {
  daemon = await labDaemon()
  await daemon.clear()
  await dom0.sh(`modprobe xen-pciback && xl pci-assignable-add ${DEVICE}`)
})
afterEach(() => daemon.clear())
afterAll(() => dom0.sh(`xl pci-assignable-remove -r ${DEVICE}`))

const withDevice = (type: 'pv' | 'pvh') => `${small('pci', type)}pci = ["${DEVICE}"]\n`
const inGuest = () =>
  daemon.inGuest('pci', 'for one in /sys/bus/pci/devices/*; do echo $(cat $one/vendor):$(cat $one/device); done')

test('a PV guest finds the device, and Xen has it back at the end', async () => {
  await daemon.create(withDevice('pv'))
  await daemon.marker('pci')
  expect(await inGuest()).toContain(IDENTITY)
  expect(await dom0.sh('xl pci-list pci')).toContain(DEVICE)
  expect(await dom0.sh('xl pci-assignable-list')).toBe('')
  await daemon.act('destroy', 'pci')
  expect(await dom0.sh('xl pci-assignable-list')).toBe(DEVICE)
})

test('a PVH guest cannot have it, for a reason', async () => {
  const { verdicts } = await daemon.api.call('explainDefinition', {
    body: { definition: { file: '/root/test.cfg', text: withDevice('pvh') } },
  })
  expect(verdicts.find(({ mode }) => mode === 'pvh')).toMatchObject({ verdict: 'cannot' })
  expect(verdicts.find(({ mode }) => mode === 'pv')).toMatchObject({ verdict: 'fits' })
})

test('a device that dom0 has not let go is not given to a guest, and nothing stays', async () => {
  await dom0.sh(`xl pci-assignable-remove -r ${DEVICE}`)
  const { state, problem } = await daemon.tryToCreate(withDevice('pv'))
  expect([state, JSON.stringify(problem)]).toEqual(['failed', expect.stringContaining('00:10.0')])
  expect(await dom0.sh('xl list | tail -n +3')).toBe('')
  await dom0.sh(`xl pci-assignable-add ${DEVICE}`)
})
