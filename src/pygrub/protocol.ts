/** The sandbox's answer is as untrusted as the disk it read: nothing of it is used before it passed these schemas. */
import { z } from 'zod'
import type { ExtractedFacts, TaskResult } from './task.ts'

const MAX_TEXT = 1024
/** The kernel's own limit is 2048 (COMMAND_LINE_SIZE, arch/x86/include/asm/setup.h); libxl takes somewhat more. */
const MAX_CMDLINE = 4096
const MAX_LINES = 500
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

/** What is known of extracted files; kept beside them in the cache too. */
export const cachedFacts: z.ZodType<ExtractedFacts> = z.strictObject({
  kernelFacts,
  kernelBytes: bytes.min(1),
  ramdiskBytes: bytes.nullable(),
})

export const taskResult: z.ZodType<TaskResult> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('boot'),
    entry: source,
    cmdline: oneLine(MAX_CMDLINE),
    fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
    extracted: cachedFacts.nullable(),
    notes: lines,
  }),
  z.strictObject({ kind: z.literal('kernel'), kernelFacts, kernelBytes: bytes.min(1) }),
  z.strictObject({
    kind: z.literal('list'),
    entries: z
      .array(
        source.extend({
          isDefault: z.boolean(),
          kernel: oneLine(MAX_TEXT).nullable(),
          kernelFacts: kernelFacts.nullable(),
          problem: oneLine(MAX_TEXT).nullable(),
        }),
      )
      .max(MAX_ENTRIES),
    defaultBecause: oneLine(MAX_TEXT),
    notes: lines,
  }),
  z.strictObject({
    kind: z.literal('failure'),
    code: z.enum(['boot-not-found', 'boot-loader-failed', 'file-missing']),
    why: oneLine(MAX_TEXT),
    looked: lines,
  }),
])
