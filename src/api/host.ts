import { z } from 'zod'
import { capabilities } from '../words/capabilities.ts'
import { modeNames } from '../words/mode-names.ts'

const capabilitySchema = z.enum(capabilities)

export const hostSchema = z
  .strictObject({
    xenVersion: z.string().describe('4.17.5 …'),
    capabilities: z.array(capabilitySchema),
    cpus: z.int(),
    memoryMiB: z.int(),
    freeMemoryMiB: z.int().describe('What Xen could give to new domains now'),
    simulated: z.boolean(),
    daemon: z.strictObject({
      version: z.string(),
      pid: z.int(),
      startedAt: z.iso.datetime(),
      workers: z.array(z.strictObject({ pid: z.int(), busyWith: z.string().nullable() })),
    }),
    guests: z.strictObject({ running: z.int(), halted: z.int(), foreign: z.int() }),
    prepared: z
      .array(z.strictObject({ template: z.string(), ready: z.int(), wanted: z.int() }))
      .describe('Domains that are built ahead of their guests, by the definition they are built after'),
    modes: z
      .array(z.strictObject({ name: z.enum(modeNames), possible: z.boolean(), why: z.string() }))
      .describe('Which modes guests can have on this host'),
  })
  .describe('The host and the daemon')

export const modeSchema = z
  .strictObject({
    name: z.enum(modeNames),
    title: z.string(),
    summary: z.string(),
    needs: z.array(capabilitySchema),
    deviceModel: z.enum(['always', 'only-for-devices']),
    boot: z.array(z.string()),
    pros: z.array(z.string()),
    cons: z.array(z.string()),
  })
  .describe('A virtualization mode')

export type HostSummary = z.infer<typeof hostSchema>
export type ModeRow = z.infer<typeof modeSchema>
