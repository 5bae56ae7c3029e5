/** The examples that the package brings: each can be used, and together they show what there is. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { GuestSpec } from '../../src/config/guest-spec.ts'
import { lintGuest } from '../../src/config/lint/lint.ts'
import { examineGuest } from '../../src/config/load.ts'
import { configuredModes } from '../../src/words/mode-names.ts'

const FOLDER = join(import.meta.dirname, '../../examples/guests')
const files = readdirSync(FOLDER)
const read = (file: string) => examineGuest(readFileSync(join(FOLDER, file), 'utf8'), { file })
const specs = files.map(read).flatMap(({ spec }): readonly GuestSpec[] => (spec === undefined ? [] : [spec]))
const disks = specs.flatMap((spec) => spec.disks)
const nics = specs.flatMap((spec) => spec.nics)

describe.each(files)('examples/guests/%s', (file) => {
  test('loads without a mistake or a warning, and is named as its file', () => {
    const { spec, mistakes, warnings } = read(file)
    expect([mistakes, warnings]).toEqual([[], []])
    expect(`${spec?.name ?? ''}.cfg`).toBe(file)
  })

  test('has nothing that lint calls an error', () => {
    const findings = lintGuest(readFileSync(join(FOLDER, file), 'utf8'), { file })
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([])
  })
})

describe('the examples show', () => {
  test.each(configuredModes)('mode %s', (mode) => {
    expect(specs.map((spec) => spec.mode)).toContain(mode)
  })

  test.each<readonly [string, (spec: GuestSpec) => boolean]>([
    ['a kernel of dom0', ({ kernel }) => kernel?.startsWith('/boot/') === true],
    ['the kernel on the own disk', ({ kernel, mode }) => kernel === undefined && mode === 'pvh'],
    ['GRUB inside the guest', ({ kernel }) => kernel?.includes('grub') === true],
    ['BIOS', ({ mode, firmware }) => mode === 'hvm' && firmware === undefined],
    ['UEFI', ({ firmware }) => firmware === 'ovmf'],
    ['a CD', (spec) => spec.disks.some(({ cdrom, target }) => cdrom && target !== null)],
  ])('the boot way %s', (_, isSo) => {
    expect(specs.some(isSo)).toBe(true)
  })

  test.each<readonly [string, (disk: (typeof disks)[number]) => boolean]>([
    ['a raw file', ({ format, target }) => format === 'raw' && target?.endsWith('.img') === true],
    ['a block device', ({ target }) => target?.startsWith('/dev/') === true],
    ['qcow2', ({ format }) => format === 'qcow2'],
    ['VHD', ({ format }) => format === 'vhd'],
    ['one that is only read', ({ access, cdrom }) => access === 'read-only' && !cdrom],
    ['an empty CD drive', ({ cdrom, target }) => cdrom && target === null],
  ])('the disk %s', (_, isSo) => {
    expect(disks.some(isSo)).toBe(true)
  })

  test.each<readonly [string, (nic: (typeof nics)[number]) => boolean]>([
    ['a bridge', ({ bridge, script }) => bridge !== undefined && script === undefined],
    ['a fixed address', ({ mac }) => mac !== undefined],
    ['an emulated card', ({ model }) => model !== undefined],
    ['Open vSwitch', ({ script }) => script === 'vif-openvswitch'],
    ['a route', ({ script, ip }) => script === 'vif-route' && ip !== undefined],
    ['a limit', ({ rate }) => rate !== undefined],
  ])('the network %s', (_, isSo) => {
    expect(nics.some(isSo)).toBe(true)
  })
})
