import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GuestSpec } from '../../src/config/guest-spec.ts'
import { loadGuest } from '../../src/config/load.ts'
import { writeGuest } from '../../src/config/write.ts'
import { arbitraryGuest } from './arbitrary-guest.ts'

describe('a written definition', () => {
  test('reads well', () => {
    const spec = GuestSpec.parse({
      name: 'web',
      mode: 'hvm',
      memoryMiB: 1024,
      cmdline: 'root=/dev/xvda1 "quiet"',
      disks: [
        { vdev: 'xvda', target: '/dev/vg/web' },
        { vdev: 'hdc', target: null, cdrom: true, access: 'read-only' },
      ],
      nics: [{ bridge: 'xenbr0' }],
    })
    expect(writeGuest(spec)).toBe(
      [
        'name = "web"',
        'type = "hvm"',
        'xen_platform_pci = 0',
        '',
        'memory = 1024',
        '',
        'cmdline = "root=/dev/xvda1 \\"quiet\\""',
        '',
        'disk = [',
        '  "vdev=xvda,target=/dev/vg/web",',
        '  "vdev=hdc,devtype=cdrom",',
        ']',
        'vif = [ "bridge=xenbr0" ]',
        '',
      ].join('\n'),
    )
  })

  test('loads as what was written, without a warning', () => {
    fc.assert(
      fc.property(arbitraryGuest, (spec) => {
        const { spec: again, warnings } = loadGuest(writeGuest(spec), { file: 'a.cfg' })
        expect(again).toEqual(spec)
        expect(warnings.map(({ message }) => message)).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  test('survives JSON', () => {
    const property = fc.property(arbitraryGuest, (spec) => {
      expect(GuestSpec.parse(JSON.parse(JSON.stringify(spec)))).toEqual(spec)
    })
    fc.assert(property, { numRuns: 100 })
  })
})
