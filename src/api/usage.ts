import { z } from 'zod'
import { configuredModes, modeNames } from '../words/mode-names.ts'
import { guestStates } from './guest.ts'

const counted = (what: string) => z.number().nonnegative().describe(what)

const diskUsageSchema = z.strictObject({
  name: z.string().describe('xvda, hdc …'),
  reads: counted('Requests to read that were served'),
  writes: counted('Requests to write that were served'),
  flushes: counted('Requests to flush or with a barrier'),
  readBytes: counted('Bytes that the guest read'),
  writtenBytes: counted('Bytes that the guest wrote'),
})

const nicUsageSchema = z.strictObject({
  name: z.string().describe('vif0 …'),
  receivedBytes: counted('Bytes that the guest received'),
  sentBytes: counted('Bytes that the guest sent'),
  receivedPackets: counted('Packets that the guest received'),
  sentPackets: counted('Packets that the guest sent'),
  receiveDropped: counted('Packets for the guest that were dropped in dom0'),
  sendDropped: counted('Packets of the guest that were dropped in dom0'),
})

export const guestUsageSchema = z.strictObject({
  name: z.string(),
  uuid: z.string(),
  domid: z.int(),
  state: z.enum(guestStates),
  managed: z.boolean().describe('False for domains of other toolstacks'),
  mode: z.strictObject({
    configured: z.enum(configuredModes).nullable(),
    chosen: z.enum(modeNames).nullable(),
    observed: z.enum(modeNames).nullable(),
  }),
  vcpus: z.int(),
  memoryMiB: z.number(),
  cpuSeconds: counted('CPU time of all its vCPUs'),
  disks: z.array(diskUsageSchema).describe("Those that dom0's kernel serves; those of a QEMU are not counted"),
  nics: z.array(nicUsageSchema),
  deviceModel: z
    .strictObject({
      pid: z.int(),
      cpuSeconds: counted('CPU time of its QEMU'),
      memoryMiB: z.number().describe('Memory of its QEMU in dom0 (PSS)'),
    })
    .nullable(),
})

export const usageSchema = z
  .strictObject({
    clockMs: z.number().describe('When this was read, by a clock that never goes back. In milliseconds.'),
    host: z.strictObject({ cpus: z.int(), memoryMiB: z.int(), freeMemoryMiB: z.int() }),
    guests: z.array(guestUsageSchema).describe('All that have a domain; counters begin at 0 with each domain'),
  })
  .describe('What each running guest has used, as counters: two answers give rates')

export type Usage = z.infer<typeof usageSchema>
export type GuestUsage = z.infer<typeof guestUsageSchema>
export type DiskUsage = z.infer<typeof diskUsageSchema>
export type NicUsage = z.infer<typeof nicUsageSchema>
