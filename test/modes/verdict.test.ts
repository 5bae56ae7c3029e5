import { describe, expect, test } from 'vitest'
import type { HostFacts, KernelFinding } from '../../src/modes/facts.ts'
import { allModes, modeNamed } from '../../src/modes/index.ts'
import { judge, sentenceOf } from '../../src/modes/verdict.ts'
import { type ModeName } from '../../src/words/mode-names.ts'
import { DISK, host, kernel, neither, noKernel, pvOnly, spec } from './facts.ts'

const verdict = (
  mode: ModeName,
  lines: readonly string[],
  facts: HostFacts = host(),
  finding: KernelFinding = kernel(),
) => judge(modeNamed(mode), spec('mode = "auto"', DISK, ...lines), facts, finding)

test('AHCI disks stay beside the PV ones, which only a system with PV drivers needs to know', () => {
  const told = (mode: ModeName, type: string) =>
    verdict(mode, [`hdtype = "${type}"`]).reasons.filter(({ seenIn }) => seenIn === `hdtype="${type}"`)
  expect(told('pvhvm', 'ahci')).toMatchObject([{ weight: 'but', why: expect.stringContaining('twice') as string }])
  expect([...told('hvm', 'ahci'), ...told('pvhvm', 'ide')]).toEqual([])
})

describe.each(allModes)('$name', (mode) => {
  test('refuses what its page refuses, with the page’s reason and fix', () => {
    const nic = verdict(mode.name, ['vif = ["type=ioemu"]']).reasons.find(
      ({ seenIn }) => seenIn?.startsWith('vif') === true,
    )
    const refused = mode.refuses['emulated-nic']
    if (refused === undefined) expect(nic).toBeUndefined()
    else expect(nic).toMatchObject({ weight: 'cannot', ...refused })
  })

  test('gives every objection a fix', () => {
    const { refuses, withoutEffect, drawbacks } = mode
    const objections = [refuses, withoutEffect, drawbacks].flatMap((each) => Object.values(each))
    expect(objections.filter(({ why, fix }) => why === '' || fix === '')).toEqual([])
  })

  test('needs what its page says of the host', () => {
    for (const need of mode.needs) {
      const lacking = need === 'hap' ? host(['hap', 'shadow']) : host([need])
      expect(verdict(mode.name, [], lacking).possible).toBe(false)
    }
  })

  test('says that a device drags a QEMU in, exactly when it could do without', () => {
    const { reasons } = verdict(mode.name, ['vfb = ["vnc=1"]'])
    expect(reasons.some(({ why }) => why.startsWith('it gets a QEMU'))).toBe(mode.deviceModel !== 'always')
  })
})

describe('a guest', () => {
  const cases: readonly [what: string, ModeName, lines: readonly string[], HostFacts, KernelFinding, RegExp][] = [
    [
      'a kernel without PHYS32_ENTRY',
      'pvh',
      [],
      host(),
      pvOnly,
      /3\.16\.0 lacks the ELF note PHYS32_ENTRY.*Linux 4\.11/,
    ],
    ['a kernel without PV notes', 'pv', [], host(), neither, /lacks the Xen ELF notes of a PV kernel.*mode="pvh"/],
    [
      'a 32-bit PV kernel',
      'pv',
      [],
      host(['pv32']),
      kernel({ bits: 32 }),
      /of 32 bits, needs Xen with support of 32-bit/,
    ],
    ['no kernel on its disk', 'pvh', [], host(), noKernel, /no boot menu was found; install a kernel/],
    ['a PCI device', 'pvh', ['pci = ["03:00.0"]'], host(), kernel(), /does not pass PCI devices through to PVH/],
    [
      'a PCI device on a host without an IOMMU',
      'pvhvm',
      ['pci = ["03:00.0"]'],
      host(['iommu']),
      kernel(),
      /needs an IOMMU/,
    ],
  ]
  test.each(cases)('with %s cannot, and is told why and what to do', (_, mode, lines, facts, finding, said) => {
    const { possible, reasons } = verdict(mode, lines, facts, finding)
    expect(possible).toBe(false)
    expect(reasons.map(sentenceOf).join('\n')).toMatch(said)
  })

  test.each([
    ['without hap where Xen has shadow paging', 'pvh', [], host(['hap']), /shadow page tables for it, which is slow/],
    ['with a VGA card as PV', 'pv', ['vga = "stdvga"'], host(), /has no VGA card; use vfb/],
    [
      'with a qcow2 disk as PVH',
      'pvh',
      ['disk = ["/srv/a.qcow2,qcow2,xvda,rw"]'],
      host(),
      /QEMU serves its disk xvda \(qcow2\); convert/,
    ],
    ['that boots its disk through a BIOS', 'pvhvm', [], host(), /the disk needs a boot loader of its own/],
  ] as const)('%s works, but is told what to know', (_, mode, lines, facts, said) => {
    const { possible, reasons } = verdict(mode, lines, facts)
    expect(possible).toBe(true)
    expect(reasons.map(sentenceOf).join('\n')).toMatch(said)
  })

  test('with a shim of its own needs none of the host', () => {
    expect(verdict('pv-in-pvh', ['pvshim_path = "/srv/xen-shim"'], host(['shim'])).possible).toBe(true)
  })

  test('that fits has nothing said against it', () => {
    expect(verdict('pvh', []).reasons).toEqual([])
  })
})
