import { mkdirSync, mkdtempSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { mustBeAssignable } from '../../src/daemon/xen/pci-devices.ts'
import { asTetrarchError } from '../../src/words/errors.ts'

const BDF = '0000:03:00.0'
let bus: string
beforeEach(() => {
  bus = mkdtempSync(join(tmpdir(), 'tetrarch-pci-'))
  mkdirSync(join(bus, 'devices', BDF), { recursive: true })
})
const loadPciback = () => mkdirSync(join(bus, 'drivers/pciback'), { recursive: true })
const check =
  (more: { readonly bdf?: string; readonly seize?: boolean } = {}) =>
  () =>
    mustBeAssignable({ bdf: BDF, ...more }, 'web', bus)

/** What the error says of it. */
const refusal = (...given: Parameters<typeof check>) => {
  try {
    check(...given)()
  } catch (thrown) {
    const { code, parts } = asTetrarchError(thrown)
    return { code, why: parts.why, fix: parts.fix }
  }
  return null
}

describe('a PCI device can be given to a guest', () => {
  test('that pciback has, or that is to be seized', () => {
    loadPciback()
    expect(check({ seize: true })).not.toThrow()
    symlinkSync(join(bus, 'devices', BDF), join(bus, 'drivers/pciback', BDF))
    expect(check()).not.toThrow()
  })

  test('unless the host has none there', () => {
    expect(refusal({ bdf: '0000:04:00.0' })).toMatchObject({ code: 'host-lacks', why: 'this host has no such device' })
  })

  test('unless pciback is not loaded', () => {
    expect(refusal({ seize: true })).toMatchObject({ code: 'host-lacks', fix: 'modprobe xen-pciback' })
  })

  test('unless dom0 uses it', () => {
    loadPciback()
    mkdirSync(join(bus, 'drivers/xhci_hcd'), { recursive: true })
    symlinkSync(join(bus, 'drivers/xhci_hcd'), join(bus, 'devices', BDF, 'driver'))
    expect(refusal()).toMatchObject({ code: 'host-lacks', why: 'dom0 uses it, by its driver xhci_hcd' })
  })
})
