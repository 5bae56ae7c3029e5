/** Every way in which tetrarch means to differ from xl, with its reason. What is not here is a mistake. */
import type { Difference } from './differential.ts'

interface Deliberate {
  readonly path: RegExp
  /** Left out, any value. */
  readonly ours?: unknown
  readonly xl?: unknown
  readonly because: string
}

const MISSING = undefined

const spelledOut = (path: RegExp, ours: unknown): Deliberate => ({
  path,
  ours,
  xl: MISSING,
  because: "libxl's own default, spelled out",
})

const deliberate: readonly Deliberate[] = [
  spelledOut(/^b_info\.max_vcpus$/, 1),
  spelledOut(/^b_info\.avail_vcpus$/, [0]),
  spelledOut(/^b_info\.(max|target)_memkb$/, 32 * 1024),
  {
    path: /^b_info\.target_memkb$/,
    ours: 128 * 1024,
    xl: MISSING,
    because: 'without memory libxl takes maxmem; spelled out',
  },
  spelledOut(/^b_info\.type\.hvm\.xen_platform_pci$/, 'True'),
  spelledOut(/^nics\[\d+\]\.nictype$/, 'vif'),
  { path: /^b_info\.type\.pvh\.pvshim$/, ours: MISSING, xl: 'False', because: "xl spells libxl's default out" },
  { path: /^disks\[\d+\]\.specification$/, ours: MISSING, xl: 'xen', because: "xl spells libxl's default out" },
  { path: /^disks\[\d+\]\.colo_enable$/, ours: MISSING, xl: 'False', because: "xl spells libxl's default out" },
  { path: /^disks\[\d+\]\.pdev_path$/, ours: MISSING, xl: '', because: 'an empty drive has no target' },
  {
    path: /^b_info\.vcpu_(hard|soft)_affinity$/,
    xl: MISSING,
    because: 'xl drops cpus and cpus_soft in a definition without vcpus and maxvcpus; they count here',
  },
  {
    path: /^b_info\.bootloader(_args)?$/,
    ours: MISSING,
    because: 'tetrarch runs the boot loader itself, before the create',
  },
  {
    path: /^b_info\.kernel$/,
    ours: MISSING,
    xl: '/usr/lib/xen-4.17/boot/pvgrub64.bin',
    because: 'the plan finds pvgrub where Debian has it',
  },
  {
    path: /^pcidevs\[\d+\]\.rdm_policy$/,
    ours: MISSING,
    xl: 'strict',
    because:
      "xl reads an emulated machine's field of a guest that has none, and Xen uses it for emulated machines only",
  },
  { path: /^pcidevs\[\d+\]\.rdm_policy$/, ours: MISSING, xl: null, because: 'no policy, in other words' },
  {
    path: /^p9s\[\d+\]\.backend_domname$/,
    ours: MISSING,
    because: 'xl gives a shared directory the backend of the one before',
  },
  {
    path: /^b_info\.type\.hvm\.rdm\.policy$/,
    because: 'xl leaves the policy uninitialised, or drops an rdm that names one',
  },
  {
    path: /^b_info\.type\.hvm\.rdm\.strategy$/,
    ours: 'host',
    xl: MISSING,
    because: 'xl drops an rdm that names a policy',
  },
  {
    path: /^usbdevs\[\d+\]\.type\.hostdev\./,
    xl: MISSING,
    because: 'xl makes no device of a usbdev without type=hostdev',
  },
]

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

/** Why a difference is meant, or undefined. */
export const reasonFor = ({ path, ours, xl }: Difference): string | undefined =>
  deliberate.find(
    (one) => one.path.test(path) && (!('ours' in one) || same(one.ours, ours)) && (!('xl' in one) || same(one.xl, xl)),
  )?.because

/** Definitions that xl takes and tetrarch refuses, by what it says. */
export const refusedHere: readonly { readonly message: RegExp; readonly because: string }[] = [
  { message: /qemu-xen-traditional/, because: 'libxl refuses it at the create' },
  { message: /only a CD drive can be empty/, because: 'libxl refuses it at the create' },
  { message: /is known, not supported/, because: 'outside of what tetrarch does' },
]

/** Definitions that xl refuses and tetrarch takes. */
export const takenHere: readonly { readonly text: RegExp; readonly because: string }[] = [
  { text: /\r\n/, because: 'lines that end in CR LF load with a warning' },
  { text: /^\ufeff/, because: 'a byte order mark loads with a warning' },
  { text: /#[^\n]*$/, because: 'a last comment without a newline loads with a warning' },
  { text: /\b(True|False)\b/, because: 'True and False load with a warning' },
  { text: /disk=\["(un)?trusted,/, because: "libxl 4.17 knows the field, xl's own parser only later" },
  {
    text: /^name="g"\ntype="pvh?"\n$/,
    because: 'without kernel and bootloader the plan looks for a kernel on the disk',
  },
]
