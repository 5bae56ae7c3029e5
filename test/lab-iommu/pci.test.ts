/** A PCI device of the host in a guest, under the measures of the unit: by what the guest finds and what Xen says (LAB_HAS=iommu). */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { dom0 } from '../../lab/dom0.ts'
import { chosenExtra } from '../../lab/flavours.ts'
import { type LabDaemon, labDaemon } from '../lab/lab-daemon.ts'
import { small } from '../lab/small-guests.ts'

if (chosenExtra(process.env) !== 'iommu')
  throw new Error('this test is for a lab with an IOMMU: LAB_HAS=iommu (lab/README.md)')

/** The USB controller of that lab, and its identity (QEMU XHCI). */
const DEVICE = '0000:00:10.0'
const IDENTITY = '0x1b36:0x000d'

let daemon: LabDaemon
beforeAll(async () => {
  daemon = await labDaemon()
  await daemon.clear()
  await dom0.sh(`modprobe xen-pciback && xl pci-assignable-add ${DEVICE}`)
})
afterEach(() => daemon.clear())
afterAll(() => dom0.sh(`xl pci-assignable-remove -r ${DEVICE}`))

const withDevice = (type: 'pv' | 'pvh') => `${small('pci', type)}pci = ["${DEVICE}"]\n`
const assignable = async () => (await dom0.sh('xl pci-assignable-list')).trim()
const inGuest = () =>
  daemon.inGuest('pci', 'for one in /sys/bus/pci/devices/*; do echo $(cat $one/vendor):$(cat $one/device); done')

test('a PV guest finds the device, and Xen has it back at the end', async () => {
  await daemon.create(withDevice('pv'))
  await daemon.marker('pci')
  expect(await inGuest()).toContain(IDENTITY)
  expect(await dom0.sh('xl pci-list pci')).toContain(DEVICE)
  expect(await assignable()).toBe('')
  await daemon.act('destroy', 'pci')
  expect(await assignable()).toBe(DEVICE)
})

test('a PVH guest cannot have it, for a reason', async () => {
  const { verdicts } = await daemon.api.call('explainDefinition', {
    body: { definition: { file: '/root/test.cfg', text: withDevice('pvh') } },
  })
  expect(verdicts.find(({ mode }) => mode === 'pvh')).toMatchObject({ verdict: 'cannot' })
  expect(verdicts.find(({ mode }) => mode === 'pv')).toMatchObject({ verdict: 'fits' })
})

test('a device that dom0 uses is not taken from it, and the error says by which command it is', async () => {
  await dom0.sh(`xl pci-assignable-remove -r ${DEVICE}`)
  const { problem } = await daemon.tryToCreate(withDevice('pv'))
  expect(problem).toMatchObject({ code: 'host-lacks', why: 'dom0 uses it, by its driver xhci_hcd' })
  expect(problem?.fix).toContain(`xl pci-assignable-add ${DEVICE}`)
  expect(await dom0.sh('xl list | tail -n +3')).toBe('')
  await dom0.sh(`xl pci-assignable-add ${DEVICE}`)
})
