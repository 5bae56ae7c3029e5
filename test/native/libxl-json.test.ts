import { openSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createJsonContext } from '../../src/libxl/json-context.ts'
import { LibxlType } from '../../src/libxl/json.ts'
import type { LibxlTypeName } from '../../src/libxl/json.ts'
import type { JsonObject } from '../../src/libxl/requests.ts'
import { loadXenlight } from '../../src/libxl/xen-libraries.ts'
import { createXenLogger } from '../../src/libxl/xen-log.ts'
import { TetrarchError } from '../../src/words/errors.ts'

const libxenlight = loadXenlight('4.17')
const ctx = createJsonContext(createXenLogger(openSync('/dev/null', 'w'))).at
const domainConfig = new LibxlType(libxenlight, 'domain_config')

function roundTrip(document: JsonObject): JsonObject {
  using struct = domainConfig.fromJson(ctx, document)
  return domainConfig.toJson(struct.at)
}

/** Where and why the strict reading refuses a document. */
function refusal(document: JsonObject): string {
  try {
    roundTrip(document)
  } catch (error) {
    if (error instanceof TetrarchError) return `${error.parts.where ?? ''}: ${error.parts.why ?? ''}`
    throw error
  }
  return 'taken'
}

const common = {
  memory: { max_memkb: 262144, target_memkb: 262144, max_vcpus: 2, avail_vcpus: [0, 1], claim_mode: 'True' },
  disk: {
    pdev_path: '/srv/a.img',
    vdev: 'xvda',
    backend: 'phy',
    format: 'raw',
    readwrite: 1,
    removable: 0,
    is_cdrom: 0,
  },
  nic: { mac: '00:16:3e:00:00:01', bridge: 'xenbr0', nictype: 'vif' },
}

const kinds: Readonly<Record<string, JsonObject>> = {
  pv: {
    c_info: { type: 'pv', domid: 0, name: 'a', uuid: '11111111-2222-3333-4444-555555555555' },
    b_info: { ...common.memory, kernel: '/boot/k', ramdisk: '/boot/r', cmdline: 'root=/dev/xvda1', 'type.pv': {} },
    disks: [common.disk],
    nics: [common.nic],
    on_poweroff: 'destroy',
    on_reboot: 'restart',
    on_crash: 'preserve',
  },
  pvh: {
    c_info: { type: 'pvh', name: 'b', uuid: '11111111-2222-3333-4444-555555555555', run_hotplug_scripts: 'True' },
    b_info: { ...common.memory, kernel: '/boot/k', apic: 'True', 'type.pvh': { pvshim: 'False' } },
    disks: [common.disk],
    nics: [],
  },
  hvm: {
    c_info: { type: 'hvm', name: 'c', hap: 'True' },
    b_info: {
      ...common.memory,
      device_model_version: 'qemu_xen',
      'type.hvm': { bios: 'seabios', boot: 'c', xen_platform_pci: 'False', serial: 'pty', vnc: { enable: 'False' } },
    },
    disks: [{ ...common.disk, vdev: 'hda' }],
    nics: [{ ...common.nic, nictype: 'vif_ioemu', model: 'e1000' }],
  },
  pvhvm: {
    c_info: { type: 'hvm', name: 'd', hap: 'True' },
    b_info: { ...common.memory, 'type.hvm': { bios: 'ovmf', xen_platform_pci: 'True', vga: { kind: 'std' } } },
    pcidevs: [{ func: 0, dev: 3, bus: 2, domain: 0, permissive: false, seize: true }],
  },
}

describe('the size probe knows sizeof', () => {
  const sizes: readonly (readonly [LibxlTypeName, number])[] = [
    ['domain_config', 1288],
    ['domain_restore_params', 24],
    ['device_disk', 144],
    ['device_nic', 504],
    ['version_info', 96],
  ]
  test.each(sizes)('libxl_%s of Xen 4.17 has %i bytes', (name, bytes) => {
    expect(new LibxlType(libxenlight, name).bytes).toBe(bytes)
  })
})

describe('a configuration that libxl understands', () => {
  test.each(Object.entries(kinds))('of a %s guest is taken and comes back', (_, document) => {
    expect(roundTrip(document)).toMatchObject({ c_info: { name: document['c_info']?.['name' as never] } })
  })

  test('keeps text beyond ASCII', () => {
    expect(roundTrip({ c_info: { name: 'größe-名' } })).toMatchObject({ c_info: { name: 'größe-名' } })
  })

  test('keeps a bitmap with gaps', () => {
    expect(roundTrip({ b_info: { avail_vcpus: [0, 3, 9, 64] } })).toMatchObject({
      b_info: { avail_vcpus: [0, 3, 9, 64] },
    })
  })

  test.each<JsonObject>([
    { c_info: { domid: 0 } },
    { on_poweroff: 'destroy' },
    { disks: [] },
    { b_info: { avail_vcpus: [] } },
    { disks: [{ removable: 0 }, { vdev: 'xvdb', format: 'unknown' }] },
    { pcidevs: [{ seize: false }] },
    { b_info: { claim_mode: '<default>' } },
  ])('may say what is the default anyway: %j', (document) => {
    expect(refusal(document)).toBe('taken')
  })
})

describe('what libxl would silently misread is refused with its place', () => {
  const misread: readonly (readonly [string, JsonObject, string])[] = [
    ['a number as text', { b_info: { max_memkb: '1024' } }, 'b_info.max_memkb: libxl ignores "1024"'],
    ['the default number as text', { c_info: { domid: '0' } }, 'c_info.domid: libxl ignores "0"'],
    ['a fraction', { b_info: { max_memkb: 1024.5 } }, 'b_info.max_memkb: 1024.5 is no integer'],
    ['an exponent', { b_info: { max_memkb: 1e21 } }, 'b_info.max_memkb: 1e+21 is no integer'],
    ['true for a defbool', { c_info: { hap: true } }, 'c_info.hap: libxl ignores true'],
    ['false for a defbool', { c_info: { hap: false } }, 'c_info.hap: libxl ignores false'],
    ['a number for a boolean', { pcidevs: [{ seize: 1 }] }, 'pcidevs[0].seize: libxl ignores 1'],
    ['an unknown key', { c_info: { nmae: 'x' } }, 'c_info.nmae: libxl ignores "x"'],
    ['an unknown key with a default value', { c_info: { nmae: '' } }, 'c_info.nmae: libxl ignores ""'],
    ['an unknown struct', { b_inof: {} }, 'b_inof: libxl ignores {}'],
    ['an unknown list', { disk: [] }, 'disk: libxl ignores []'],
    [
      'an unknown key deep inside',
      { b_info: { 'type.hvm': { vnc: { enabled: 'True' } } } },
      'b_info["type.hvm"].vnc.enabled',
    ],
    ['an unknown member of a union', { b_info: { 'type.kvm': {} } }, 'b_info["type.kvm"]: libxl ignores {}'],
    ['a member of the wrong union', { b_info: { type: 'pvh' } }, 'b_info.type: libxl ignores "pvh"'],
    ['a number for a struct', { c_info: 5 }, 'c_info: 5 was read as {}'],
    ['an unknown enumeration member', { on_poweroff: 'explode' }, 'the document: libxl refuses it'],
    ['a bitmap that is not sorted', { b_info: { avail_vcpus: [9, 1] } }, 'b_info.avail_vcpus'],
    ['a bit that is there twice', { b_info: { avail_vcpus: [1, 1] } }, 'b_info.avail_vcpus'],
    ['text with a NUL', { c_info: { name: 'a\0b' } }, 'c_info.name: "a\\u0000b" was read as "a"'],
    ['null', { c_info: { name: null } }, 'c_info.name: null means nothing to libxl'],
  ]
  test.each(misread)('%s', (_, document, where) => {
    expect(refusal(document)).toContain(where)
  })

  test('two members of one union, before libxl aborts the process', () => {
    expect(refusal({ b_info: { 'type.pvh': {}, 'type.hvm': {} } })).toBe(
      'b_info: type.pvh and type.hvm are one union: libxl aborts on two',
    )
  })
})

test('a thousand documents leave no memory behind', () => {
  const before = process.memoryUsage.rss()
  for (let turn = 0; turn < 1000; turn += 1) roundTrip(kinds['hvm'] ?? {})
  expect(process.memoryUsage.rss() - before).toBeLessThan(64 << 20)
})

test('a device alone is read as strictly', () => {
  const disk = new LibxlType(libxenlight, 'device_disk')
  using struct = disk.fromJson(ctx, common.disk)
  expect(disk.toJson(struct.at)).toMatchObject({ vdev: 'xvda', format: 'raw', backend: 'phy' })
  expect(() => disk.fromJson(ctx, { vdevice: 'xvda' })).toThrow(/vdevice/)
})

test('a library of another Xen is named with its package', () => {
  expect(() => loadXenlight('4.20')).toThrow(expect.objectContaining({ code: 'xen-unavailable' }) as Error)
})
