/** What goes into the sandbox and what comes out: plain JSON, typed here without any library, since the sandbox starts for every boot. */
import { type BudgetLimits } from './disk-fault.ts'
import { type BootEntries, type BootSource, type DiskFormat, type KernelFacts } from './types.ts'

/** Descriptors that the parent opens for the sandbox. */
export const DESCRIPTOR = { result: 3, input: 4, kernel: 5, ramdisk: 6 } as const

interface TaskBase {
  /** Bytes of the disk or file behind the input descriptor. */
  readonly inputBytes: number
  readonly budget: BudgetLimits
  readonly maxKernelFileBytes: number
  /** Bytes of the unpacked kernel, and of the ramdisk. */
  readonly maxOutputBytes: number
}

interface DiskTask extends TaskBase {
  readonly format: DiskFormat
}

export interface BootTask extends DiskTask {
  readonly kind: 'boot'
  readonly entry: string | null
  readonly kernel: string | null
  readonly ramdisk: string | null
  readonly extraArgs: string
  /** Fingerprints of extractions that the parent still has. */
  readonly known: readonly string[]
}

export interface ListTask extends DiskTask {
  readonly kind: 'list'
}

export interface KernelTask extends TaskBase {
  readonly kind: 'kernel'
}

export type Task = BootTask | ListTask | KernelTask

export interface BootResult {
  readonly kind: 'boot'
  readonly entry: BootSource
  readonly cmdline: string
  /** Stands for all that decided the files; 64 hexadecimal digits. */
  readonly fingerprint: string
  /** Null when the fingerprint is known, so that nothing was written. */
  readonly extracted: ExtractedFacts | null
  readonly notes: readonly string[]
}

export interface ExtractedFacts {
  readonly kernelFacts: KernelFacts
  readonly kernelBytes: number
  /** Null when the entry has no ramdisk. */
  readonly ramdiskBytes: number | null
}

export interface ListResult extends BootEntries {
  readonly kind: 'list'
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

export type TaskResult = BootResult | ListResult | KernelResult | Failure
