import { describe, expect, test } from 'vitest'
import { cpuidPolicy } from '../../src/config/specs/cpuid.ts'
import { cpuSetText, cpusOf } from '../../src/config/specs/cpus.ts'
import { parseDisk, writeDisk } from '../../src/config/specs/disk.ts'
import { parseNic } from '../../src/config/specs/nic.ts'
import { parsePci } from '../../src/config/specs/pci.ts'
import { parseIoMemory, parseIoPorts } from '../../src/config/specs/ranges.ts'
import { parseRate, rateText } from '../../src/config/specs/rate.ts'
import { parseChannel, parseP9, parseVtpm } from '../../src/config/specs/shared.ts'
import { parseUsbController, parseUsbDevice } from '../../src/config/specs/usb.ts'

describe('a disk', () => {
  test.each([
    ['/a,raw,xvda,w', { target: '/a', vdev: 'xvda', access: 'read-write' }],
    ['phy:/a,xvda,r', { target: '/a', vdev: 'xvda', access: 'read-only' }],
    ['tap:qcow2:/a,xvda,w', { target: '/a', format: 'qcow2' }],
    ['vdev=xvda,target=/a,b=c', { target: '/a,b=c' }],
    [',hdc:cdrom,r', { target: null, vdev: 'hdc', cdrom: true, access: 'read-only' }],
    ['/a.iso,raw,hdc:cdrom,r', { target: '/a.iso', cdrom: true }],
    ['nbd:host:1,xvda,w', { target: 'host:1', script: 'block-nbd' }],
    ['vdev=xvda,access=ro,access=rw,target=/a', { access: 'read-write' }],
    ['/a,raw,xvda,w!', { access: 'read-write', shared: true }],
    [' vdev=xvda, discard, target=/a', { discard: true, target: '/a' }],
    [
      'backendtype=qdisk,backend=stor,script=x,direct-io-safe,untrusted,vdev=xvda,target=/a',
      { backendType: 'qdisk', backend: 'stor', script: 'x', directIoSafe: true, trusted: false },
    ],
  ])('%s', (spec, disk) => expect(parseDisk(spec)).toMatchObject({ value: disk }))

  test.each([
    ['/a,xvda,w', /unknown disk format "xvda"; xvda stands where the format belongs/],
    ['raw:/a,raw,xvda,rw', /unknown access "xvda"/],
    ['format=raw,format=qcow2,vdev=xvda,target=/a', 'two formats: raw and qcow2'],
    ['vdev=xvda,vdev=xvdb,target=/a', 'two device names: xvda and xvdb'],
    ['foo:/a,xvda,w', 'unknown prefix in "foo:/a"'],
    ['/a ,raw ,xvda,w', 'unknown disk format "raw "'],
    ['frob=1,vdev=xvda,target=/a', 'unknown parameter "frob"'],
    ['vdev=xvda', /no target/],
    ['target=/a', /no device name/],
    ['/a,raw,xvda,w,more', /too many positional parameters/],
    ['specification=virtio,vdev=xvda,target=/a', /known, not supported/],
  ])('%s is refused', (spec, problem) => {
    const found = parseDisk(spec)
    expect('problem' in found && found.problem).toEqual(
      typeof problem === 'string' ? problem : expect.stringMatching(problem),
    )
  })

  test('that guests share is written as that, and xl is said not to know it', () => {
    const found = parseDisk('vdev=xvda,access=w!,target=/a')
    if (!('value' in found)) throw new Error(found.problem)
    expect(found.warnings).toEqual([expect.stringContaining('xl does not know')])
    expect(writeDisk(found.value)).toBe('vdev=xvda,access=w!,target=/a')
    expect(parseDisk('vdev=xvda,access=w!,script=x,target=/a')).toMatchObject({
      problem: 'a disk with a script of its own cannot be w!',
    })
  })

  test('is written with its target last', () => {
    const disk = {
      vdev: 'hdc',
      target: '/a,b',
      format: 'raw',
      access: 'read-only',
      cdrom: true,
      directIoSafe: false,
    } as const
    expect(writeDisk(disk)).toBe('vdev=hdc,devtype=cdrom,target=/a,b')
  })
})

describe('a nic', () => {
  test.each([
    ['', {}],
    ['mac=0:16:3E:a:b:c', { mac: '00:16:3e:0a:0b:0c' }],
    ['mac=00-16-3e-01-02-03', { mac: '00:16:3e:01:02:03' }],
    ['mac=00:00:00:00:00:00', {}],
    [' bridge=a, bridge=b,', { bridge: 'b' }],
    ['netdev=eth0', { gatewayDevice: 'eth0' }],
    ['rate=1MB/s@20ms', { rate: { bytesPerInterval: 20_000, intervalMicroseconds: 20_000 } }],
  ])('%s', (spec, nic) => expect(parseNic(spec)).toMatchObject({ value: nic }))

  test.each([
    ['mac=zz', '"zz" is no MAC address; xl goes on without it'],
    ['type=fast', 'type "fast": vif or ioemu; xl goes on without it'],
    ['stray', '"stray" has no "="; xl goes on without it'],
  ])('%s loads with a warning', (spec, warning) => expect(parseNic(spec)).toMatchObject({ warnings: [warning] }))

  test.each(['rate=10', 'rate=08Mb/s', 'rate=10Mb/s@x', 'colo_x=1', 'mtu=big'])('%s is refused', (spec) => {
    expect(parseNic(spec)).toHaveProperty('problem')
  })
})

test.each(['10Mb/s', '250KB/s', '1GB/s@1s', '5GB/s', '7B/s@3us'])(
  'the rate %s is written so that it reads the same',
  (text) => {
    const rate = parseRate(text)
    expect('problem' in rate ? undefined : parseRate(rateText(rate))).toEqual(rate)
  },
)

describe('a PCI device', () => {
  test.each([
    ['3:0.1', { bdf: '0000:03:00.1' }],
    ['0000:03:00.*@1f', { bdf: '0000:03:00.*', virtualSlot: 31 }],
    [
      'bdf=03:1f.7,vslot=5,permissive=1,seize=0,power_mgmt=1,msitranslate=1,rdm_policy=strict',
      {
        bdf: '0000:03:1f.7',
        virtualSlot: 5,
        permissive: true,
        seize: false,
        powerManagement: true,
        msiTranslate: true,
        rdmPolicy: 'strict',
      },
    ],
    ['name=nic', { name: 'nic' }],
  ])('%s', (spec, value) => expect(parsePci(spec)).toEqual({ value }))

  test.each(['3:0.8', '3:20.0', '03:00', '03:00.0@20', '03:00.0,frob=1', '03:00.0,name=x', 'vslot=1', '03:00.0-3', ''])(
    '%s is refused',
    (spec) => {
      expect(parsePci(spec)).toHaveProperty('problem')
    },
  )
})

describe('a set of processors', () => {
  const host = {
    count: 8,
    nodes: [
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ],
  }

  test.each([
    ['all', [0, 1, 2, 3, 4, 5, 6, 7]],
    ['0-3,^2', [0, 1, 3]],
    ['nodes:1', [4, 5, 6, 7]],
    ['nodes:0-1,^node:0,^5', [4, 6, 7]],
    ['6-20', [6, 7]],
    ['^1', []],
  ])('%s', (set, cpus) => expect(cpusOf(set, host)).toEqual(cpus))

  test('is written without blanks', () => expect(cpuSetText('1, 2,,node:0')).toBe('1,2,nodes:0'))
  test.each(['2-1', 'x', '^all', '1-', '-1', 'nodes:'])('%s is none', (set) => expect(cpuSetText(set)).toBeUndefined())
})

describe('cpuid', () => {
  const { policy } = cpuidPolicy('host,tm=0,family=21')

  test('sets single bits and fields', () => {
    expect(policy.cpuid).toEqual([
      { leaf: 1, edx: 'xx0xxxxxxxxxxxxxxxxxxxxxxxxxxxxx', eax: 'xxxx00000110xxxxxxxx1111xxxxxxxx' },
    ])
  })

  test('knows bits of model-specific registers', () => {
    expect(cpuidPolicy('host,rdcl-no=1').policy.msr).toEqual([{ index: 0x10a, policy: `${'x'.repeat(63)}1` }])
  })

  test.each([
    ['tm=0', 'the first word must be "host"'],
    ['host,frob=1', 'there is no CPUID field "frob"'],
    ['host,tm', '"tm" has no "="'],
    ['host,tm=q', '"tm=q": the value is a number, x, k or s'],
    [['1:eax=1'], '"eax=1" is not e[abcd]x= and 32 characters'],
    [['x'], '"x" does not begin with LEAF: or LEAF,SUBLEAF:'],
  ])('%s', (text, problem) => expect(cpuidPolicy(text).problems).toEqual([problem]))
})

describe('other devices', () => {
  test.each([
    [parseIoPorts('3f8-3ff'), { first: 0x3f8, count: 8 }],
    [parseIoMemory('a0,10@b0'), { start: 0xa0, pages: 16, guestFrame: 0xb0 }],
    [parseUsbController('type=qusb,version=2,ports=4'), { type: 'qusb', version: 2, ports: 4 }],
    [parseUsbDevice('type=hostdev,hostbus=1,hostaddr=0x3'), { hostBus: 1, hostAddress: 3 }],
    [parseChannel(' name = a , connection = pty'), { name: 'a', connection: 'pty' }],
    [parseP9('tag=t,path=/p,security_model=none'), { tag: 't', path: '/p', securityModel: 'none' }],
    [parseVtpm('backend=v'), { backend: 'v' }],
  ])('read as %j', (found, value) => expect(found).toMatchObject({ value }))

  test.each([
    parseIoPorts('zz'),
    parseIoPorts('2-1'),
    parseIoMemory('1'),
    parseUsbController('type=fast'),
    parseUsbDevice('hostbus=1'),
    parseChannel('name=a,connection=socket'),
    parseChannel('connection=pty'),
    parseP9('tag=t'),
    parseVtpm('uuid=1'),
  ])('refused: %j', (found) => expect(found).toHaveProperty('problem'))
})
