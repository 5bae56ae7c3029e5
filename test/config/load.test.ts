import { describe, expect, test } from 'vitest'
import { loadGuest } from '../../src/config/load.ts'
import { TetrarchError } from '../../src/words/errors.ts'

const load = (text: string) => loadGuest(text, { file: 'web.cfg' })
const warningsOf = (text: string) =>
  load(text).warnings.map(({ where, message }) => `${where.line}:${where.column} ${message}`)

function refusalOf(text: string): TetrarchError {
  try {
    load(text)
  } catch (thrown) {
    if (thrown instanceof TetrarchError) return thrown
    throw thrown
  }
  throw new Error('it loaded')
}

describe('a definition', () => {
  test('loads with what it says, and with what xl would take for the rest', () => {
    const { spec, warnings } = load(
      [
        'name = "web"',
        'type = "pvh"',
        'memory = 512',
        'vcpus = 2',
        'kernel = "/boot/vmlinuz"',
        'extra = "console=hvc0"',
        'disk = [ "phy:/dev/vg/web,xvda,w", "format=qcow2,vdev=xvdb,access=ro,target=/srv/a=b,c.img" ]',
        'vif = [ "bridge=xenbr0,mac=00:16:3E:00:00:01" ]',
        '',
      ].join('\n'),
    )
    expect(warnings).toEqual([])
    expect(spec).toMatchObject({
      name: 'web',
      mode: 'pvh',
      memoryMiB: 512,
      vcpus: 2,
      cmdline: 'console=hvc0',
      disks: [
        { vdev: 'xvda', target: '/dev/vg/web', format: 'raw', access: 'read-write' },
        { vdev: 'xvdb', target: '/srv/a=b,c.img', format: 'qcow2', access: 'read-only' },
      ],
      nics: [{ bridge: 'xenbr0', mac: '00:16:3e:00:00:01' }],
      onPoweroff: 'destroy',
      onReboot: 'restart',
    })
  })

  test('is immutable', () => {
    const { spec } = load('name="a"\ntype="pv"\ndisk=["/a,raw,xvda,w"]')
    expect(() => Object.assign(spec, { name: 'b' })).toThrow(TypeError)
    expect(Object.isFrozen(spec.disks)).toBe(true)
  })

  test('takes settings from the command line after its own', () => {
    const { spec } = loadGuest('name="a"\ntype="pv"\nmemory=64', { file: 'a.cfg', overrides: ['memory=128'] })
    expect(spec.memoryMiB).toBe(128)
  })
})

describe('the mode', () => {
  test.each([
    ['type="pv"', 'pv'],
    ['type="pvh"', 'pvh'],
    ['type="pvh"\npvshim=1', 'pv-in-pvh'],
    ['type="hvm"', 'pvhvm'],
    ['type="hvm"\nxen_platform_pci=1', 'pvhvm'],
    ['type="hvm"\nxen_platform_pci=0', 'hvm'],
    ['builder="hvm"', 'pvhvm'],
    ['builder="hvm"\nxen_platform_pci=0', 'hvm'],
    ['builder="generic"', 'pv'],
    ['mode="auto"', 'auto'],
    ['mode="pv-in-pvh"', 'pv-in-pvh'],
    ['mode="auto"\ntype="hvm"', 'auto'],
  ])('%j is %s', (keys, mode) => {
    const { spec, warnings } = load(`name="a"\n${keys}\n`)
    expect(spec.mode).toBe(mode)
    expect(warnings).toEqual([])
  })

  test.each([
    ['', 'pv', '1:1 neither mode nor type is given, so this is a PV guest, as for xl'],
    ['type="h"', 'pvhvm', '2:6 xl takes type="h" for "hvm"'],
    ['type="p"', 'pv', '2:6 xl takes type="p" for "pv"'],
    ['mode="pvh"\ntype="hvm"', 'pvh', '2:6 mode="pvh" counts here, but xl would make it pvhvm from the other keys'],
  ])('%j is %s, with a warning', (keys, mode, warning) => {
    expect(load(`name="a"\n${keys}\n`).spec.mode).toBe(mode)
    expect(warningsOf(`name="a"\n${keys}\n`)).toEqual([warning])
  })

  test('is refused where type and builder contradict each other', () => {
    expect(refusalOf('name="a"\ntype="pv"\nbuilder="hvm"')).toMatchObject({ code: 'config-invalid' })
  })
})

describe('what xl swallows is reported with its place', () => {
  test.each([
    ['vcups = 2', '3:1 unknown key "vcups", which xl would ignore without a word'],
    ['memory = [ 64 ]', '3:10 a list stands where one value belongs, so xl ignores it'],
    ['memory = 08', '3:10 "08" is no number, so xl leaves the default'],
    ['memory = 0100', '3:10 a leading 0 means octal: 0100 is 64'],
    ['memory = "512M"', '3:10 "512M" is no number, so xl leaves the default'],
    ['memory += 64', '3:11 "+=" on a number: xl ignores the key'],
    ['disk = "phy:/a,xvda,w"', '3:8 one value stands where a list belongs, so xl ignores it'],
    ['disk = [ [ "a" ], "phy:/a,xvda,w" ]', '3:10 a list in this list: xl ignores it and everything after it'],
    ['vif = [ "bridge=a,bandwidth=1" ]', '3:9 unknown parameter "bandwidth"; xl goes on without it'],
    ['kernel = "/a"\nkernel = "/b"', '4:1 it was given before, in line 3; the last one counts'],
    ['pae = True', '3:7 True is Python, and xl refuses it'],
    ['pae = 1\r', '3:8 lines end in CR LF, which xl refuses'],
    ['# the end', '3:1 the last line is a comment without a newline, which xl refuses'],
    ['extra = "a\\101b"', '3:9 xl drops octal escapes from strings, so nothing stands here'],
  ])('%j', (line, warning) => {
    const end = line.startsWith('#') ? '' : '\n'
    expect(warningsOf(`name="a"\ntype="pv"\n${line}${end}`)).toEqual([warning])
  })

  test('an unknown key comes with what it was meant to be', () => {
    expect(load('name="a"\ntype="pv"\nvcups=2').warnings[0]?.fix).toBe('did you mean "vcpus"?')
  })
})

describe('what xl refuses is refused with its place', () => {
  test.each([
    ['memory = ', 'web.cfg:2:10'],
    ['memory = 512M', 'web.cfg:2:13'],
    ['cpus = 0-3', 'web.cfg:2:9'],
    ['memory = -1', 'web.cfg:2:10'],
    ['Memory = 1', 'web.cfg:2:1'],
    ['memory = lots', 'web.cfg:2:10'],
    ['memory = 1 vcpus = 2', 'web.cfg:2:12'],
    ['disk = [ , ]', 'web.cfg:2:10'],
    ["disk = [ 'a' 'b' ]", 'web.cfg:2:14'],
    ['disk = [ "a"', 'web.cfg:3:1'],
    ['extra = "a', 'web.cfg:2:9'],
    ['extra = "a\\x41"', 'web.cfg:2:9'],
    ['extra = "a"\nextra += [ "b" ]', 'web.cfg:3:1'],
    ['import os', 'web.cfg:2:1'],
    ['vcpus = int(2)', 'web.cfg:2:9'],
    ['vif = [ "mac=%s" % mac ]', 'web.cfg:2:18'],
    ['extra = "a" + b', 'web.cfg:2:13'],
  ])('%j', (line, where) => {
    const error = refusalOf(`name="a"\n${line}\n`)
    expect(error.code).toBe('config-syntax')
    expect(error.parts.where).toBe(where)
  })

  test.each([
    ['memory = 64', 'the guest has no name'],
    [
      'name = "a"\ndisk = [ "/x.img,xvda,w" ]',
      'unknown disk format "xvda"; xvda stands where the format belongs: write TARGET,raw,xvda,…',
    ],
    ['name = "a"\non_crash = "explode"', 'unknown value "explode"'],
    ['name = "a"\naltp2m = 1', '"altp2m" is known, not supported: Alternate memory maps for introspection.'],
    ['name = "a"\ndevice_model_version = "qemu-xen-traditional"', 'unknown value "qemu-xen-traditional"'],
    ['name = "a"\nvif = [ "mtu=10" ]', 'vif, mtu: Too small: expected number to be >=68'],
    ['name = "a"\ncpu_weight = 0', 'cpu_weight: Too small: expected number to be >=1'],
    ['name = "a"\nvif = [ "rate=fast" ]', 'rate "fast" is not like 10Mb/s or 1GB/s'],
  ])('%j: %s', (text, what) => {
    const error = refusalOf(text)
    expect(error.code).toBe('config-invalid')
    expect(error.parts.what).toBe(what)
  })

  test('all mistakes are told at once', () => {
    const error = refusalOf('name = web\nmemory = -1\nvcpus = two\n')
    expect(error.parts.where).toBe('web.cfg:1:8')
    expect(error.parts.evidence).toHaveLength(2)
  })
})
