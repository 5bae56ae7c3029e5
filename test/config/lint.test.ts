import { describe, expect, test } from 'vitest'
import type { LintFacts } from '../../src/config/lint/finding.ts'
import { filesOf } from '../../src/config/lint/host-rules.ts'
import { lintGuest } from '../../src/config/lint/lint.ts'
import { neighbourFrom } from '../../src/config/lint/neighbour.ts'
import { showFinding } from '../../src/config/lint/show-finding.ts'
import { loadGuest } from '../../src/config/load.ts'

const clean = 'name = "web"\ntype = "pvh"\nmemory = 64\nkernel = "/boot/k"\n'
const options = { file: 'web.cfg' }
const lint = (text: string, facts: LintFacts = {}) =>
  lintGuest(text, options, facts).map(
    ({ severity, rule, where, message }) => `${where.line}:${where.column} ${severity} ${rule}: ${message}`,
  )

describe('what the definition alone shows', () => {
  test('nothing, for a definition without fault', () => expect(lint(clean)).toEqual([]))

  test.each([
    ['vga = "stdvga"', '5:7 warning no-effect: "vga" does nothing in mode pvh'],
    ['vcups = 2', '5:1 warning swallowed: unknown key "vcups", which xl would ignore without a word'],
    ['root = "/dev/xvda1"', '5:8 warning outdated: "root" is from older files'],
    ['maxmem = 32', '3:10 warning memory: memory is 64 MiB, and maxmem only 32'],
    ['disk = [ "/a,raw,xvda,r", "/b,raw,xvda,w" ]', '5:27 error repeated-vdev: a disk before this one is xvda too'],
    [
      'disk = [ "/a,raw,xvda,w", "/a,raw,xvdb,w" ]',
      '5:27 warning repeated-disk: a disk before this one writes to /a too',
    ],
    [
      'vif = [ "mac=00:16:3e:00:00:01", "mac=00:16:3e:00:00:01" ]',
      '5:34 error repeated-mac: a nic before this one has 00:16:3e:00:00:01 too',
    ],
    ['vif = [ "mac=01:16:3e:00:00:01" ]', '5:9 warning multicast-mac: 01:16:3e:00:00:01 is a multicast address'],
    ['disk = [ "/a.qcow2,raw,xvda,w" ]', '5:10 warning disk-format: /a.qcow2 is given as raw'],
    ['on_crash = "explode"', '5:12 error invalid: unknown value "explode"'],
    ['memory = lots', '5:10 error syntax: "lots" is a word without quotes'],
  ])('%j', (line, finding) => {
    expect(lint(`${clean}${line}\n`)).toEqual([finding])
  })

  test('a guest without memory, and one that xl would not boot', () => {
    expect(lint('name = "web"\ntype = "pvh"\n')).toEqual([
      '1:8 warning memory: no memory is given, so the guest gets 32 MiB',
      '1:8 warning xl-refuses: neither kernel nor bootloader is given, so xl would refuse this file',
    ])
  })

  test('xen_platform_pci means something in the mode that it makes', () => {
    expect(lint('name = "web"\ntype = "hvm"\nmemory = 64\nxen_platform_pci = 0\n')).toEqual([])
  })

  test('shows the line and the column', () => {
    const text = `${clean}disk = [ "/a.qcow2,raw,xvda,w" ]\n`
    const [finding] = lintGuest(text, options)
    expect(finding && showFinding(finding, text)).toEqual([
      'web.cfg:5:10: warning: /a.qcow2 is given as raw',
      '  disk = [ "/a.qcow2,raw,xvda,w" ]',
      '           ^ add format=qcow2',
    ])
  })
})

describe('what the host adds', () => {
  const disk = 'disk = [ "/srv/web.img,raw,xvda,w" ]\n'
  const neighbour = (text: string) => ({
    neighbours: [neighbourFrom(loadGuest(`name="db"\ntype="pv"\n${text}`, { file: 'db.cfg' }).spec)],
  })

  test.each([
    [
      disk,
      { missingFiles: new Set(['/srv/web.img']) },
      '5:10 error missing-file: /srv/web.img does not exist or cannot be read',
    ],
    [
      disk,
      { diskHeaders: new Map([['/srv/web.img', 'qcow2']]) },
      '5:10 error disk-header: xvda is given as raw, and its file is qcow2; as raw, the guest could make it point at any file of the host',
    ],
    [
      'disk = [ "/srv/web.vhd,vhd,xvda,w" ]\n',
      { diskHeaders: new Map([['/srv/web.vhd', 'differencing vhd']]) },
      '5:10 error disk-header: xvda is a differencing VHD, which QEMU reads without its parent: the guest would see other bytes than are there',
    ],
    [
      'vif = [ "bridge=br9" ]\n',
      { bridges: new Set(['xenbr0']) },
      '5:9 error missing-bridge: there is no bridge br9 on this host',
    ],
    ['', { hostMemoryMiB: 32 }, '3:10 error too-much-memory: 64 MiB cannot fit a host that has 32'],
    ['vcpus = 9\n', { hostCpus: 4 }, '5:9 warning many-vcpus: 9 vCPUs share the 4 processors of the host'],
    [
      'smbios = [ "oem=a" ]\n',
      { xenVersion: '4.17.5' },
      '5:10 warning later-xen: "smbios" is read from Xen 4.18 on, and does nothing under this Xen 4.17.5',
    ],
    [
      'maxvcpus = 1\nvnuma = [ [ "pnode=1", "size=64", "vcpus=0" ] ]\n',
      { hostNodes: 1 },
      '6:11 error no-such-node: this host has no NUMA node 1; it has 1',
    ],
    ['', { expectedName: 'www' }, '1:8 error name: the guest is called web, and its file www.cfg'],
    [
      disk,
      neighbour('disk=["/srv/web.img,raw,xvda,r"]'),
      '5:10 error shared-disk: db has /srv/web.img too, and not both only read it',
    ],
    [
      'vif = [ "mac=00:16:3e:00:00:01" ]\n',
      neighbour('vif=["mac=00:16:3e:00:00:01"]'),
      '5:9 error shared-mac: db has a nic with 00:16:3e:00:00:01 too',
    ],
    [
      'uuid = "11111111-2222-3333-4444-555555555555"\n',
      neighbour('uuid="11111111-2222-3333-4444-555555555555"'),
      '5:8 error shared-uuid: db has this uuid too',
    ],
    [
      '',
      { neighbours: [{ name: 'web', file: '/etc/xen/copy.cfg', disks: [], macs: [] }] },
      '1:8 error shared-name: /etc/xen/copy.cfg defines a guest web too',
    ],
    [
      'vif = [ "" ]\n',
      { bridges: new Set(['xenbr0']), nicDefaults: { bridge: 'br7' } },
      '5:9 error missing-bridge: there is no bridge br7 on this host',
    ],
    ['pci = [ "03:00.0" ]\n', { refusals: ['pci=["03:00.0"]: not here'] }, '5:7 error mode: pci=["03:00.0"]: not here'],
  ] as [string, LintFacts, string][])('%j', (lines, facts, finding) => {
    expect(lint(clean + lines, facts)).toContain(finding)
  })

  test('two guests may read one disk', () => {
    expect(
      lint(`${clean}disk = [ "/srv/web.img,raw,xvda,r" ]\n`, neighbour('disk=["/srv/web.img,raw,xvda,r"]')),
    ).toEqual([])
  })

  test('the files to look at are those of dom0', () => {
    const { spec } = loadGuest(
      `${clean}disk = [ "/a,raw,xvda,w", "script=block-x,vdev=xvdb,target=/b", "backend=d,vdev=xvdc,target=/c" ]\n`,
      options,
    )
    expect(filesOf(spec)).toEqual([
      { field: 'kernel', path: '/boot/k' },
      { field: 'disks.0', path: '/a' },
    ])
  })
})
