/** What callers of the boot loader ask for and get: plain values, checked at the sandbox's edge (src/pygrub/protocol.ts). */

import type { GuestSystem } from '../modes/conversion-needs.ts'
import type { bootDiskFormats } from '../words/boot-disk-formats.ts'

export type { GuestSystem }

/** How an image holds its disk. Block devices are `raw`. */
export type DiskFormat = (typeof bootDiskFormats)[number]

/** A disk whose boot entries are wanted. */
export interface DiskRequest {
  /** Path of a disk image or block device. The caller opens nothing: the parent of the sandbox does, read-only. */
  readonly disk: string
  readonly format: DiskFormat
  /** Bytes from the start of the disk where its only filesystem begins; without it, partitions are looked for. */
  readonly offset?: number | undefined
}

/** One boot of a PV or PVH guest from its own disk. */
export interface BootRequest extends DiskRequest {
  /** Number, title, id or path (`1>2`) of the entry to boot instead of the menu's default. One that does not exist is an error. */
  readonly entry?: string | undefined
  /** Path of a kernel inside the guest; then no menu is read. */
  readonly kernel?: string | undefined
  /** Path of a ramdisk inside the guest; only with `kernel`. */
  readonly ramdisk?: string | undefined
  /** Appended to the entry's command line. */
  readonly extraArgs?: string | undefined
  /** In place of the entry's command line and of `extraArgs`. */
  readonly cmdline?: string | undefined
  /** Existing directory that receives `kernel-*` and `ramdisk-*` (mode 0600); the caller removes them. */
  readonly outputDirectory: string
}

/** Which entry was chosen, and where it was found. */
export interface BootSource {
  readonly title: string
  readonly id: string | null
  /** Path by numbers from the top menu: `0`, `1>2`. */
  readonly path: string
  /** The menu file, or the kernel's directory when there is no menu. */
  readonly source: string
  /** `gpt2`, `msdos5`, `disk` (no partition table). */
  readonly partition: string
  /** `ext4`, `xfs`, … */
  readonly filesystem: string
}

/** What a kernel can do, from its ELF notes (Xen: xen/include/public/elfnote.h). */
export interface KernelFacts {
  readonly container: 'bzImage' | 'elf'
  /** Compression of a bzImage's payload; `none` for a plain ELF file. */
  readonly compression: 'none' | 'gzip' | 'bzip2' | 'lzma' | 'xz' | 'lzo' | 'lz4' | 'zstd'
  readonly architecture: 'x86_64' | 'x86_32'
  /** The kernel's own version string (`6.1.0-56-amd64 (…) …`); null where the file carries none. */
  readonly version: string | null
  /** It has the PV entry point (XEN_ELFNOTE_ENTRY). */
  readonly canPv: boolean
  /** It has the PVH entry point (XEN_ELFNOTE_PHYS32_ENTRY). */
  readonly canPvh: boolean
  /** The note GUEST_OS: `linux`, `NetBSD`, … */
  readonly guestOs: string | null
  /** The note FEATURES, split: `!writable_page_tables`, `pae_pgdir_above_4gb`, … */
  readonly features: readonly string[]
}

/** Where the kernel and the ramdisks, which were joined, lie in the guest. */
export interface GuestPaths {
  readonly kernel: string
  readonly ramdisks: readonly string[]
}

/** An extracted boot: files of our own, no guest path in them. */
export interface BootFiles {
  /** Path of the kernel as a raw vmlinux (ELF). */
  readonly kernel: string
  readonly ramdisk: string | null
  readonly cmdline: string
  readonly entry: BootSource
  readonly guestPaths: GuestPaths
  readonly kernelFacts: KernelFacts
  /** What a user should know: fallbacks taken, commands not understood, menu files ignored. */
  readonly notes: readonly string[]
}

/** One line of a boot menu. */
export interface BootEntry extends BootSource {
  readonly isDefault: boolean
  /** Path of its kernel inside the guest; null when it boots something that is no Linux kernel. */
  readonly kernel: string | null
  /** Paths of its ramdisks, which are joined in this order. */
  readonly ramdisks: readonly string[]
  /** Its own command line; null when it has none that can be given to a kernel. */
  readonly cmdline: string | null
  /** Null when the kernel was not looked at, or cannot be. */
  readonly kernelFacts: KernelFacts | null
  /** Why it cannot be booted by us; null when it can. */
  readonly problem: string | null
}

export interface BootEntries {
  readonly entries: readonly BootEntry[]
  /** Why the default is the default. */
  readonly defaultBecause: string
  /** How long the first menu waits for somebody; null when it does not say, or waits for ever. */
  readonly timeoutSeconds: number | null
  readonly notes: readonly string[]
}

export interface KernelFile {
  /** Path of the raw vmlinux in the output directory. */
  readonly kernel: string
  readonly kernelFacts: KernelFacts
}
