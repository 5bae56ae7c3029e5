/**
 * Modes are data. Each of the files beside this one is one mode, as a page of facts that reads like its row in the table
 * of pros and cons. Nothing outside this folder compares a mode's name: callers ask the page.
 */
import type { Capability } from '../words/capabilities.ts'
import type { ModeName } from '../words/mode-names.ts'
import type { LibxlType } from './domain-type.ts'
import type { DomainFacts } from './facts.ts'

/** How a guest's first code gets into its memory. */
export type BootWay = 'kernel' | 'boot-loader' | 'pvgrub' | 'firmware'

/** What a definition can contain that not every mode can give; features.ts finds them in a specification. */
export type Feature =
  | 'pci'
  | 'emulated-nic'
  | 'firmware'
  | 'pvgrub'
  | 'no-kernel'
  | 'vga'
  | 'graphics'
  | 'spice'
  | 'cd-boot'
  | 'emulated-usb'
  | 'emulated-serial'
  | 'sound'
  | 'windows'
  | 'ahci'

/** In a user's words: why something stands against a mode, and the way out. */
export interface Objection {
  readonly why: string
  readonly fix: string
}

export type Objections = Readonly<Partial<Record<Feature, Objection>>>

export interface Mode {
  readonly name: ModeName
  /** How people write it: PV, PVH, HVM, PVHVM. */
  readonly title: string
  /** One sentence: what it is. */
  readonly summary: string
  readonly libxlType: LibxlType
  readonly needs: readonly Capability[]
  /** Whether QEMU runs for it always, or only when a device cannot do without. */
  readonly deviceModel: 'always' | 'only-for-devices'
  readonly boot: readonly BootWay[]
  /** Whether the Xen platform PCI device is there, by which a guest in emulated hardware finds its PV drivers. */
  readonly platformPci: boolean
  /** Xen's own shim runs between the guest and the hypervisor. */
  readonly shim: boolean
  /** What a guest of this mode cannot be built with; libxl refuses it too, later and in fewer words. */
  readonly refuses: Objections
  /** What may stand in the definition and does nothing in this mode. */
  readonly withoutEffect: Objections
  /** What works in this mode, with something that its user should know. */
  readonly drawbacks: Objections
  /** What a disk must hold besides a kernel to boot in this mode; null when the kernel is enough. */
  readonly diskNeeds: Objection | null
  /** The ELF note a kernel must carry when it is loaded directly, and why. */
  readonly kernel: { readonly wants: 'pv' | 'pvh'; readonly because: string } | null
  readonly pros: readonly string[]
  readonly cons: readonly string[]
  /** The evidence that a running domain is this, in sentences; null when it is not. */
  readonly observedIn: (facts: DomainFacts) => readonly string[] | null
}

export const defineMode = (mode: Mode): Mode => Object.freeze(mode)
