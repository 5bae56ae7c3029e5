/** Why a QEMU did not start, by what it and libxl said and what dom0 lacks: the causes that people meet, as a table. */

export interface FailedStart {
  /** QEMU's own words; empty when it died before it said one. */
  readonly qemu: readonly string[]
  readonly libxl: readonly string[]
  /** /dev/net/tun is there. */
  readonly tun: 'there' | 'missing'
  /** The guest has a network card that QEMU emulates. */
  readonly emulatedNic: boolean
}

export interface Cause {
  readonly why: string
  readonly fix: string
}

const causes: readonly { readonly says: RegExp; readonly cause: Cause }[] = [
  {
    says: /could not (open|configure) \/dev\/net\/tun|failed to launch.*qemu-ifup/i,
    cause: { why: 'dom0 has no tun device for its emulated network card', fix: 'modprobe tun' },
  },
  {
    says: /does not support DES|vnc password auth/i,
    cause: {
      why: 'this QEMU cannot ask for a VNC password: its cipher library has no DES',
      fix: 'remove vncpasswd, and use vnclisten = "unix:/path" or a tunnel to keep others away',
    },
  },
  {
    says: /address already in use|failed to find an available port|unable to bind.*vnc/i,
    cause: {
      why: 'its VNC port is in use',
      fix: 'remove vncdisplay, or set vncunused = 1 in its definition; see: ss -ltnp',
    },
  },
  {
    says: /cannot assign requested address|address resolution failed/i,
    cause: { why: 'the address of vnclisten is none of dom0', fix: 'set vnclisten to an address of dom0' },
  },
  {
    says: /could not (load|find) (pc )?(bios|rom)|failed to load (bios|firmware|rom)|bios image|rom ?file.*not found/i,
    cause: {
      why: 'a firmware or ROM file is missing',
      fix: 'install seabios, ovmf or ipxe-qemu; see bios and firmware_override in its definition',
    },
  },
  {
    says: /failed to get .*lock/i,
    cause: {
      why: 'another QEMU has one of its disks open for writing',
      fix: 'stop the other guest that uses the disk',
    },
  },
  {
    says: /block node is read-only/i,
    cause: {
      why: 'this QEMU opens an image that is not raw for writing, even where its guest may only read it',
      fix: 'give the disk access=rw, or convert it to raw: qemu-img convert -O raw',
    },
  },
  {
    says: /could not open .*(no such file|permission denied)|file driver .*cannot be|unknown driver/i,
    cause: { why: 'QEMU cannot open one of its disks', fix: 'check the disk lines: tetrarch lint' },
  },
  {
    says: /invalid option|unknown option|is not a valid|unsupported machine type|parameter .* (unexpected|expects)|option .* does not/i,
    cause: {
      why: 'QEMU does not know one of its options',
      fix: 'check device_model_args and device_model_override in its definition',
    },
  },
  {
    says: /cannot allocate memory|out of memory/i,
    cause: { why: 'dom0 has too little memory for another QEMU', fix: 'give dom0 more memory, or stop another guest' },
  },
  {
    says: /error while loading shared libraries|exec.*(no such file|failed)|no such file or directory.*qemu-system/i,
    cause: { why: 'the QEMU binary cannot be run', fix: 'install qemu-system-xen, or correct device_model_override' },
  },
]

/** The likely cause of a QEMU that did not start; null when nothing is known. QEMU's words count before libxl's. */
export function likelyCause({ qemu, libxl, tun, emulatedNic }: FailedStart): Cause | null {
  for (const said of [qemu, libxl])
    for (const { says, cause } of causes) if (said.some((line) => says.test(line))) return cause
  // Without tun QEMU ends before it says a word.
  if (tun === 'missing' && emulatedNic)
    return { why: 'dom0 has no /dev/net/tun, which its emulated network card needs', fix: 'modprobe tun' }
  return null
}
