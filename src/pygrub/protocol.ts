/** The sandbox's answer is as untrusted as the disk it read: nothing of it is used before it passed these schemas. */
import { z } from 'zod'
import { MAX_WITNESS_BYTES, MAX_WITNESSES } from './disk/witness.ts'
import { MAX_FINGERPRINT } from './fingerprint.ts'
import type { ExtractedFacts, RememberedAnswer, TaskResult } from './task.ts'

const MAX_TEXT = 1024
/** The kernel's own limit is 2048 (COMMAND_LINE_SIZE, arch/x86/include/asm/setup.h); libxl takes somewhat more. */
const MAX_CMDLINE = 4096
const MAX_LINES = 500
const MAX_TIMEOUT = 86_400
const MAX_ENTRIES = 2000

/** Printable text of one line: control characters would reach terminals, logs and libxl's files. */
const oneLine = (length: number) =>
  z
    .string()
    .max(length)
    .regex(/^[^\p{Cc}]*$/u, 'a control character')
const lines = z.array(oneLine(MAX_TEXT)).max(MAX_LINES)
const bytes = z.int().min(0)

const source = z.strictObject({
  title: oneLine(MAX_TEXT),
  id: oneLine(MAX_TEXT).nullable(),
  path: z.string().regex(/^\d+(>\d+)*$/),
  source: oneLine(MAX_TEXT),
  partition: z
    .string()
    .max(255)
    .regex(/^[a-zA-Z0-9_./+-]+$/),
  filesystem: z
    .string()
    .max(32)
    .regex(/^[a-z0-9]+$/),
})

const kernelFacts = z.strictObject({
  container: z.enum(['bzImage', 'elf']),
  compression: z.enum(['none', 'gzip', 'bzip2', 'lzma', 'xz', 'lzo', 'lz4', 'zstd']),
  architecture: z.enum(['x86_64', 'x86_32']),
  version: oneLine(MAX_TEXT).nullable(),
  canPv: z.boolean(),
  canPvh: z.boolean(),
  guestOs: oneLine(MAX_TEXT).nullable(),
  features: z.array(oneLine(MAX_TEXT)).max(64),
})

const extractedFacts: z.ZodType<ExtractedFacts> = z.strictObject({
  kernelFacts,
  kernelBytes: bytes.min(1),
  ramdiskBytes: bytes.nullable(),
})

/** What the cache keeps beside extracted files. */
export interface KeptFacts {
  readonly fingerprint: string
  readonly facts: ExtractedFacts
}
const fingerprint = z.string().max(MAX_FINGERPRINT)
export const keptFacts: z.ZodType<KeptFacts> = z.strictObject({ fingerprint, facts: extractedFacts })

const witness = z.tuple([bytes, bytes, bytes.min(1).max(MAX_WITNESS_BYTES), bytes.max(0xffffffff)])
const witnesses = z.array(witness).max(MAX_WITNESSES)
const guestPaths = z.strictObject({ kernel: oneLine(MAX_TEXT), ramdisks: lines })
const answer = { entry: source, guestPaths, cmdline: oneLine(MAX_CMDLINE), fingerprint, notes: lines }
export const rememberedAnswer: z.ZodType<RememberedAnswer> = z.strictObject({ ...answer, witnesses })

export const taskResult: z.ZodType<TaskResult> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('boot'),
    ...answer,
    extracted: extractedFacts.nullable(),
    witnesses: witnesses.nullable(),
  }),
  z.strictObject({ kind: z.literal('kernel'), kernelFacts, kernelBytes: bytes.min(1) }),
  z.strictObject({
    kind: z.literal('list'),
    entries: z
      .array(
        source.extend({
          isDefault: z.boolean(),
          kernel: oneLine(MAX_TEXT).nullable(),
          ramdisks: lines,
          cmdline: oneLine(MAX_CMDLINE).nullable(),
          kernelFacts: kernelFacts.nullable(),
          problem: oneLine(MAX_TEXT).nullable(),
        }),
      )
      .max(MAX_ENTRIES),
    defaultBecause: oneLine(MAX_TEXT),
    timeoutSeconds: z.int().min(0).max(MAX_TIMEOUT).nullable(),
    notes: lines,
  }),
  z.strictObject({
    kind: z.literal('system'),
    name: oneLine(MAX_TEXT).nullable(),
    commandLine: oneLine(MAX_CMDLINE).nullable(),
    mounts: z.array(z.strictObject({ device: oneLine(MAX_TEXT), on: oneLine(MAX_TEXT) })).max(MAX_LINES),
    biosBoot: z.boolean(),
    efiBoot: z.boolean(),
    pvDisk: z.enum(['built-in', 'in-initramfs', 'missing', 'unknown']),
    pvNic: z.enum(['built-in', 'in-initramfs', 'module', 'missing', 'unknown']),
  }),
  z.strictObject({
    kind: z.literal('failure'),
    code: z.enum(['boot-not-found', 'boot-loader-failed', 'file-missing']),
    why: oneLine(MAX_TEXT),
    looked: lines,
  }),
])
