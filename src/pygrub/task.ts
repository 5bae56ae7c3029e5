/** What goes into the sandbox and what comes out: plain JSON, typed here without any library, since the sandbox starts for every boot. */
import { type BudgetLimits } from './disk-fault.ts'
import { type Witness } from './disk/witness.ts'
import {
  type BootEntries,
  type BootSource,
  type DiskFormat,
  type GuestPaths,
  type GuestSystem,
  type KernelFacts,
} from './types.ts'

/** Descriptors that the parent opens for the sandbox. */
export const DESCRIPTOR = { result: 3, input: 4, kernel: 5, ramdisk: 6 } as const

export interface ParentFile {
  readonly descriptor: number
  readonly bytes: number
  readonly format: DiskFormat
}

interface TaskBase {
  /** Bytes of the disk or file behind the input descriptor. */
  readonly inputBytes: number
  /** What lies below the disk, the nearest first, with descriptors of their own. */
  readonly parents: readonly ParentFile[]
  readonly budget: BudgetLimits
  readonly maxKernelFileBytes: number
  /** Bytes of the unpacked kernel, and of the ramdisk. */
  readonly maxOutputBytes: number
}

export interface DiskTask extends TaskBase {
  readonly format: DiskFormat
  /** Where the only filesystem begins; null looks for partitions. */
  readonly offset: number | null
}

export interface BootTask extends DiskTask {
  readonly kind: 'boot'
  readonly entry: string | null
  readonly kernel: string | null
  readonly ramdisk: string | null
  readonly extraArgs: string
  /** In place of the entry's command line and `extraArgs`. */
  readonly cmdline: string | null
  /** Fingerprints of extractions that the parent still has. */
  readonly known: readonly string[]
}

export interface ListTask extends DiskTask {
  readonly kind: 'list'
  /** Whether kernels are unpacked for their facts, or only named. */
  readonly kernels: 'look' | 'name'
}

/** Asks what the system on the disk is like. */
export interface SystemTask extends DiskTask {
  readonly kind: 'system'
}

export interface KernelTask extends TaskBase {
  readonly kind: 'kernel'
}

export type Task = BootTask | ListTask | SystemTask | KernelTask

export interface BootResult {
  readonly kind: 'boot'
  readonly entry: BootSource
  readonly guestPaths: GuestPaths
  readonly cmdline: string
  /** Stands for all that decided the files. */
  readonly fingerprint: string
  /** The bytes of the image that decided this answer; null where it is not worth remembering, or not safe to. */
  readonly witnesses: readonly Witness[] | null
  /** Null when the fingerprint is known, so that nothing was written. */
  readonly extracted: ExtractedFacts | null
  readonly notes: readonly string[]
}

/** What is remembered of a boot for the next one. */
export type Answer = Pick<BootResult, 'entry' | 'guestPaths' | 'cmdline' | 'fingerprint' | 'notes'>
export type RememberedAnswer = Answer & { readonly witnesses: readonly Witness[] }

export interface ExtractedFacts {
  readonly kernelFacts: KernelFacts
  readonly kernelBytes: number
  /** Null when the entry has no ramdisk. */
  readonly ramdiskBytes: number | null
}

export interface ListResult extends BootEntries {
  readonly kind: 'list'
}

export interface SystemResult extends GuestSystem {
  readonly kind: 'system'
}

export interface KernelResult {
  readonly kind: 'kernel'
  readonly kernelFacts: KernelFacts
  readonly kernelBytes: number
}

/** The guest's disk does not do; `looked` tells what was looked at. */
export interface Failure {
  readonly kind: 'failure'
  readonly code: 'boot-not-found' | 'boot-loader-failed' | 'file-missing'
  readonly why: string
  readonly looked: readonly string[]
}

export type TaskResult = BootResult | ListResult | SystemResult | KernelResult | Failure
