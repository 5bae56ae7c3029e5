/** Guest specifications of every kind, for property tests. Only what a definition can say: empty objects are left out. */
import fc from 'fast-check'
import { configuredModes } from '../../src/words/mode-names.ts'
import { GuestSpec, shutdownActions } from '../../src/config/guest-spec.ts'
import { diskBackends, diskFormats } from '../../src/config/device-spec.ts'

type Arbitraries = Record<string, fc.Arbitrary<unknown>>

const word = fc.stringMatching(/^[a-z0-9][a-z0-9_./:-]{0,12}$/)
const text = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 20 })
  .map((any) => any.replaceAll(/[\0\r\ufffd\ud800-\udfff]/g, '') || 'x')
const flag = fc.boolean()
const small = fc.integer({ min: 0, max: 255 })
const mebibytes = fc.integer({ min: 1, max: 1 << 20 })
const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.+-]{0,20}$/)
const target = fc.stringMatching(/^\/[A-Za-z0-9_,=. /-]{0,20}[a-z]$/)
const optional = (shape: Arbitraries) => fc.record(shape, { requiredKeys: [] })
const section = (shape: Arbitraries) => optional(shape).filter((made) => Object.keys(made).length > 0)
const list = (item: fc.Arbitrary<unknown>, minLength = 0) => fc.array(item, { minLength, maxLength: 3 })

const disk = fc
  .record(
    {
      vdev: fc.stringMatching(/^(xvd|sd|hd)[a-z][0-9]?$/),
      target,
      format: fc.constantFrom(...diskFormats),
      access: fc.constantFrom('read-only', 'read-write'),
      backendType: fc.constantFrom(...diskBackends),
      backend: word,
      script: word,
      discard: flag,
      directIoSafe: flag,
      trusted: flag,
    },
    { requiredKeys: ['vdev', 'target'] },
  )
  .chain((made) =>
    fc.constantFrom(
      made,
      { ...made, cdrom: true, access: 'read-only' },
      { ...made, cdrom: true, access: 'read-only', target: null, format: 'raw' },
    ),
  )

const nic = optional({
  mac: fc
    .array(small, { minLength: 6, maxLength: 6 })
    .map((bytes) => ['02', ...bytes.slice(1).map((byte) => byte.toString(16).padStart(2, '0'))].join(':')),
  bridge: word,
  vifName: fc.stringMatching(/^[a-z][a-z0-9]{0,10}$/),
  script: word,
  type: fc.constantFrom('vif', 'ioemu'),
  model: word,
  ip: fc.constantFrom('10.0.0.1', '10.0.0.1 fe80::1'),
  gatewayDevice: word,
  backend: word,
  rate: fc
    .record({
      bytesPerInterval: fc.integer({ min: 1, max: 200_000_000 }),
      intervalMicroseconds: fc.constantFrom(50_000, 20_000, 1_000_000, 7),
    })
    .filter(({ bytesPerInterval, intervalMicroseconds }) => bytesPerInterval / intervalMicroseconds < 4000),
  mtu: fc.integer({ min: 68, max: 9000 }),
  devid: small,
  trusted: flag,
})

const vnc = section({ enabled: flag, listen: word, display: small, findUnused: flag, password: word })
const sdl = section({ enabled: flag, opengl: flag, display: word, xauthority: word })
const pciOptions = {
  virtualSlot: fc.integer({ min: 0, max: 31 }),
  permissive: flag,
  msiTranslate: flag,
  seize: flag,
  powerManagement: flag,
  rdmPolicy: fc.constantFrom('strict', 'relaxed'),
}
const pci = fc.oneof(
  fc.record(
    { bdf: fc.stringMatching(/^[0-9a-f]{4}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7*]$/), ...pciOptions },
    { requiredKeys: ['bdf'] },
  ),
  fc.record({ name: word, ...pciOptions }, { requiredKeys: ['name'] }),
)
const channel = fc.oneof(
  fc.record({ connection: fc.constant('pty'), name: word, backend: word }, { requiredKeys: ['connection', 'name'] }),
  fc.record(
    { connection: fc.constant('socket'), name: word, path: word, backend: word },
    { requiredKeys: ['connection', 'name', 'path'] },
  ),
)
const cpuSet = fc.constantFrom('all', '0', '0-3', '0-3,^2', 'nodes:0-1,^3', '2,4')
const affinity = fc.oneof(cpuSet, list(cpuSet))
const action = fc.constantFrom(...shutdownActions)

const devices: Arbitraries = {
  disks: list(disk),
  nics: list(nic),
  vfbs: list(optional({ vnc, sdl, keymap: word })),
  pci: list(pci),
  usbControllers: list(
    optional({
      type: fc.constantFrom('auto', 'pv', 'qusb', 'devicemodel'),
      version: fc.constantFrom(1, 2, 3),
      ports: fc.integer({ min: 1, max: 31 }),
    }),
  ),
  usbDevices: list(
    fc.record(
      { hostBus: small, hostAddress: small, controller: small, port: small },
      { requiredKeys: ['hostBus', 'hostAddress'] },
    ),
  ),
  channels: list(channel),
  p9: list(
    fc.record(
      { tag: word, path: word, securityModel: fc.constant('none'), backend: word },
      { requiredKeys: ['tag', 'path', 'securityModel'] },
    ),
  ),
  vtpms: list(fc.record({ backend: word, uuid: fc.uuid() }, { requiredKeys: ['backend'] })),
  serial: list(text),
  usb: flag,
  usbPeripherals: list(text),
  ioPorts: list(fc.record({ first: small, count: fc.integer({ min: 1, max: 9 }) })),
  irqs: list(small),
  ioMemory: list(fc.record({ start: small, pages: small, guestFrame: small }, { requiredKeys: ['start', 'pages'] })),
  vga: fc.constantFrom('stdvga', 'cirrus', 'qxl', 'none'),
  vnc,
  sdl,
  spice: section({ enabled: flag, port: small, host: word, password: text, vdagent: flag }),
  keymap: word,
  gfxPassthrough: fc.oneof(flag, fc.constantFrom('igd', 'default')),
}

const rest: Arbitraries = {
  uuid: fc.uuid(),
  description: text,
  tags: list(word),
  mode: fc.constantFrom(...configuredModes),
  autostart: flag,
  startAfter: list(name),
  startDelaySeconds: small,
  ready: text,
  shutdownTimeoutSeconds: fc.integer({ min: 1, max: 300 }),
  onPoweroff: action,
  onReboot: action,
  onCrash: action,
  onWatchdog: action,
  onSoftReset: action,
  memoryMiB: mebibytes,
  maxMemoryMiB: mebibytes,
  vcpus: fc.integer({ min: 1, max: 64 }).map((count) => (count < 32 ? 2 : count)),
  maxVcpus: fc.integer({ min: 64, max: 128 }),
  cpus: affinity,
  cpusSoft: affinity,
  scheduler: section({ weight: fc.integer({ min: 1, max: 65535 }), cap: small }),
  vnuma: fc.constantFrom(
    [{ physicalNode: 1, memoryMiB: 64, vcpus: [0, 1], distances: [10] }],
    [
      { physicalNode: 0, memoryMiB: 32, vcpus: [0], distances: [10, 20] },
      { physicalNode: 1, memoryMiB: 32, vcpus: [1], distances: [20, 10] },
    ],
  ),
  kernel: text,
  ramdisk: text,
  cmdline: text,
  bootloader: text,
  bootloaderArgs: list(text),
  firmware: fc.constantFrom('seabios', 'ovmf', 'pvgrub64'),
  firmwarePath: target,
  bootOrder: fc.stringMatching(/^[acdn]{1,4}$/),
  pvshim: section({ path: text, cmdline: text }),
  acpi: flag,
  viridian: fc.oneof(flag, fc.constant(['all', '!stimer'])),
  cpuid: fc.oneof(fc.constant('host,tm=0'), fc.constant([`1:ecx=${'x'.repeat(32)}`])),
  tscMode: fc.constantFrom('default', 'always_emulate', 'native', 'native_paravirt'),
  rtcTimeOffsetSeconds: fc.integer({ min: -3600, max: 3600 }),
  rdm: fc.constantFrom({ strategy: 'host' }, { policy: 'relaxed' }, { strategy: 'host', policy: 'strict' }),
  noMigrate: flag,
  deviceModel: section({ path: text, restrict: flag, args: list(text) }),
  stubDomain: section({ enabled: flag, memoryMiB: mebibytes }),
}

/** Leaves out what contradicts the rest. */
function consistent(made: Record<string, unknown>): GuestSpec {
  const parsed = GuestSpec.safeParse(made)
  if (parsed.success) return parsed.data
  const wrong = new Set(parsed.error.issues.map(({ path }) => String(path[0])))
  return GuestSpec.parse(Object.fromEntries(Object.entries(made).filter(([field]) => !wrong.has(field))))
}

export const arbitraryGuest: fc.Arbitrary<GuestSpec> = fc
  .record({ name, ...devices, ...rest }, { requiredKeys: ['name'] })
  .map(consistent)
