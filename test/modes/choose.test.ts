import { describe, expect, test } from 'vitest'
import { chooseMode, decide, evidenceOf } from '../../src/modes/choose.ts'
import type { HostFacts, KernelFinding } from '../../src/modes/facts.ts'
import { DISK, host, kernel, neither, noKernel, pvOnly, spec } from './facts.ts'

const auto = (...lines: readonly string[]) => spec('mode = "auto"', DISK, ...lines)

describe('mode="auto"', () => {
  const cases: readonly [why: string, lines: readonly string[], HostFacts, KernelFinding, mode: string][] = [
    ['a kernel with PHYS32_ENTRY', [], host(), kernel(), 'pvh'],
    ['a kernel with PV notes only', [], host(), pvOnly, 'pv'],
    ['a PV-only kernel where Xen has no PV', [], host(['pv']), pvOnly, 'pv-in-pvh'],
    ['a PV-only kernel without PV and without the shim', [], host(['pv', 'shim']), pvOnly, 'pvhvm'],
    [
      'a 32-bit PV kernel where Xen takes only those of 64',
      [],
      host(['pv32']),
      kernel({ bits: 32, canPvh: false }),
      'pv-in-pvh',
    ],
    ['a kernel without any note', [], host(), neither, 'pvhvm'],
    ['a disk without a kernel', [], host(), noKernel, 'pvhvm'],
    ['a host without hardware virtualization', [], host(['hvm', 'hap']), kernel(), 'pv'],
    ['a PCI device', ['pci = ["0000:03:00.0"]'], host(), kernel(), 'pvhvm'],
    ['a VGA card', ['vga = "stdvga"'], host(), kernel(), 'pvhvm'],
    ['a VNC console', ['vnc = 1'], host(), kernel(), 'pvhvm'],
    ['a boot from CD', ['boot = "dc"'], host(), kernel(), 'pvhvm'],
    ['UEFI', ['firmware = "ovmf"'], host(), kernel(), 'pvhvm'],
    ['Windows', ['viridian = 1'], host(), kernel(), 'pvhvm'],
    ['an emulated serial port', ['serial = "pty"'], host(), kernel(), 'pvhvm'],
    ['an emulated nic', ['vif = ["type=ioemu"]'], host(), kernel(), 'pvhvm'],
    ['pvgrub', ['firmware = "pvgrub64"'], host(), { found: 'pvgrub' }, 'pvh'],
    ['pvgrub without hardware virtualization', ['firmware = "pvgrub64"'], host(['hvm']), { found: 'pvgrub' }, 'pv'],
    ['neither hap nor shadow paging', [], host(['hap', 'shadow']), kernel(), 'pv'],
    ['no hap, but shadow paging', [], host(['hap']), kernel(), 'pvh'],
  ]
  test.each(cases)('%s leads to its mode', (_, lines, facts, finding, mode) => {
    expect(chooseMode(auto(...lines), facts, finding).mode.name).toBe(mode)
  })

  test('keeps what was asked and answered, in order, up to the answer that decided', () => {
    const choice = decide(auto(), host(), pvOnly)
    expect(choice.steps.map(({ leadsTo }) => leadsTo?.name ?? null)).toEqual([null, null, null, null, 'pv'])
    expect(evidenceOf(choice)).toEqual([
      'Does this host have hardware virtualization? yes: with hardware assisted paging',
      'Is a PCI device passed through? no: none is given',
      'Does a device or its firmware need emulated hardware? no: none does',
      expect.stringMatching(/^Can its kernel boot as PVH\? no: its kernel 3\.16\.0 lacks the ELF note PHYS32_ENTRY/),
      'Can its kernel boot as PV? yes: 3.16.0 has the ELF notes of a PV kernel',
    ])
  })

  test('says which device needs emulated hardware', () => {
    expect(evidenceOf(decide(auto('vga = "stdvga"'), host(), kernel())).at(-1)).toContain('vga="stdvga"')
  })
})

describe('a mode that the definition names', () => {
  test('is taken, whatever would be better', () => {
    expect(chooseMode(spec('mode = "pv"', DISK), host(), kernel()).mode.name).toBe('pv')
  })

  test('is refused with every reason when it cannot be', () => {
    const refused = () =>
      chooseMode(spec('mode = "pvh"', DISK, 'pci = ["03:00.0"]', 'vif = ["type=ioemu"]'), host(), pvOnly)
    expect(refused).toThrow('"web" cannot run as PVH')
    expect(refused).toThrow(
      expect.objectContaining({
        code: 'mode-refused',
        parts: expect.objectContaining({
          why: expect.stringMatching(
            /pci=.*no emulated hardware; its kernel 3\.16\.0 lacks the ELF note PHYS32_ENTRY/,
          ) as string,
          fix: expect.stringMatching(/remove pci.*remove type=ioemu.*tetrarch explain/) as string,
        }) as object,
      }),
    )
  })

  test('is refused as lacking when the host stands in the way', () => {
    expect(() => chooseMode(spec('mode = "pvh"', DISK), host(['hvm']))).toThrow(
      expect.objectContaining({ code: 'host-lacks' }),
    )
  })
})
