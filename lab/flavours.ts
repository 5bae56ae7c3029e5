/**
 * What a lab can be made of, as data: a Debian release with the Xen it carries. Another release is another row.
 */
export interface Flavour {
  readonly name: string
  /** Debian release, as in sources.list(5). */
  readonly suite: string
  /** Version of Xen in that release, as in its package names. */
  readonly xen: string
  /** dom0's packages, without those that every flavour has. */
  readonly packages: readonly string[]
}

const bookworm: Flavour = {
  name: 'bookworm',
  suite: 'bookworm',
  xen: '4.17',
  packages: ['xen-hypervisor-4.17-amd64', 'xen-utils-4.17', 'libxenmisc4.17'],
}

const trixie: Flavour = {
  name: 'trixie',
  suite: 'trixie',
  xen: '4.20',
  packages: ['xen-hypervisor-4.20-amd64', 'xen-utils-4.20', 'libxenmisc4.20'],
}

const flavours: readonly Flavour[] = [bookworm, trixie]

/** Packages of every dom0: Xen's tools, the peers that tests compare with, and what is needed to look around. */
const commonPackages: readonly string[] = [
  'linux-image-amd64',
  'systemd',
  'systemd-sysv',
  'dbus',
  'udev',
  'kmod',
  'openssh-server',
  'xenstore-utils',
  'qemu-system-xen',
  'qemu-utils',
  'seabios',
  'ovmf',
  'ipxe-qemu',
  'grub-xen-host',
  'grub-xen-bin',
  'grub-common',
  'python3-minimal',
  'iproute2',
  'iputils-ping',
  'bridge-utils',
  'nftables',
  'procps',
  'psmisc',
  'strace',
  'lsof',
  'socat',
  'jq',
  'file',
  'curl',
  'ca-certificates',
  'less',
  'vim-tiny',
  'acl',
  'adduser',
  'libcap2-bin',
  'uidmap',
  'util-linux',
  'fdisk',
  'busybox-static',
  'e2fsprogs',
  'xfsprogs',
  'btrfs-progs',
  'dosfstools',
  'mtools',
  'lvm2',
  'xz-utils',
  'zstd',
  'lz4',
]

/** Every package that goes into the dom0 of a flavour. */
export function dom0Packages(flavour: Flavour): readonly string[] {
  return [...flavour.packages, ...commonPackages]
}

/** The flavour that LAB_FLAVOUR names, or the first. */
export function chosenFlavour(environment: NodeJS.ProcessEnv): Flavour {
  const name = environment['LAB_FLAVOUR'] || bookworm.name
  const found = flavours.find((flavour) => flavour.name === name)
  if (!found) throw new Error(`no flavour "${name}"; there are: ${flavours.map((each) => each.name).join(', ')}`)
  return found
}

/** What a host can be without: QEMU's and Xen's own ways to leave it out. */
export const LACKS = {
  /** Hardware virtualization: neither PVH nor HVM. */
  hvm: { cpu: '-svm', xen: '' },
  /** Hardware assisted paging. Debian's Xen is built without shadow page tables, so PVH and HVM are impossible there, too. */
  hap: { cpu: '', xen: 'hap=0' },
} as const

/** What a host can have beyond the usual: QEMU's devices for it, and Xen's word. */
export const EXTRAS = {
  /** An IOMMU, and a USB controller behind it that can be given to a guest. */
  iommu: {
    devices: ['intel-iommu', 'qemu-xhci,addr=0x10'],
    xen: 'iommu=on',
  },
} as const

/** What LAB_HAS gives to the host, or null. */
export const chosenExtra = (environment: NodeJS.ProcessEnv): keyof typeof EXTRAS | null =>
  chosenOf(EXTRAS, 'with', environment['LAB_HAS'])

/** What LAB_LACKS takes from the host, or null. */
export const chosenLack = (environment: NodeJS.ProcessEnv): keyof typeof LACKS | null =>
  chosenOf(LACKS, 'without', environment['LAB_LACKS'])

function chosenOf<Table extends object>(table: Table, how: string, name = ''): keyof Table | null {
  if (name === '') return null
  if (Object.hasOwn(table, name)) return name as keyof Table
  throw new Error(`no host ${how} "${name}"; there are: ${Object.keys(table).join(', ')}`)
}
