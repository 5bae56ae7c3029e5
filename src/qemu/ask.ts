/**
 * What a QEMU says of itself, if it answers. One that a guest has taken over may say anything, so what it says is bounded,
 * checked and shown, and decides nothing.
 */
import { z } from 'zod'
import { escapeControl } from '../words/escape-control.ts'
import { QmpClient } from './qmp.ts'

export interface AskOptions {
  readonly connectMs: number
  readonly commandMs: number
}

export interface Cdrom {
  /** QEMU's name of the drive. */
  readonly device: string
  /** What lies in it, null when it is empty. */
  readonly medium: string | null
}

export type QemuAsked =
  | { readonly found: 'silent'; readonly why: string }
  /** `status` is QEMU's RunState (qapi/run-state.json), null when it could not be asked. */
  | { readonly found: 'well'; readonly status: string | null; readonly cdroms: readonly Cdrom[] }

const word = z.string().max(64)
const statusSchema = z.looseObject({ status: word })
const blocksSchema = z
  .array(
    z.looseObject({
      device: z.string().max(200),
      qdev: z.string().max(200).optional(),
      removable: z.boolean(),
      inserted: z.looseObject({ file: z.string().max(4096) }).optional(),
    }),
  )
  .max(64)

/** One short talk on the control socket. */
export async function askQemu(socket: string, { connectMs, commandMs }: AskOptions): Promise<QemuAsked> {
  try {
    using client = await QmpClient.open(socket, { connectMs, commandMs })
    const { status } = statusSchema.parse(await client.execute('query-status'))
    const blocks = blocksSchema.safeParse(await client.execute('query-block'))
    return { found: 'well', status: escapeControl(status), cdroms: blocks.success ? cdromsOf(blocks.data) : [] }
  } catch (thrown) {
    const why = thrown instanceof Error && 'parts' in thrown ? (thrown.parts as { why?: string }).why : String(thrown)
    // Without a socket it cannot be asked (device_model_user, a QEMU of another toolstack); that says nothing about it.
    if (/ENOENT|ECONNREFUSED|EACCES/.test(why ?? '')) return { found: 'well', status: null, cdroms: [] }
    return { found: 'silent', why: why ?? 'it does not answer' }
  }
}

const cdromsOf = (blocks: z.infer<typeof blocksSchema>): readonly Cdrom[] =>
  blocks
    .filter(({ removable, device, qdev }) => removable && !/floppy|^sd/.test(`${device}${qdev ?? ''}`))
    .map(({ device, qdev, inserted }) => ({
      device: escapeControl(device || (qdev ?? 'cdrom')),
      medium: inserted === undefined ? null : escapeControl(inserted.file),
    }))
