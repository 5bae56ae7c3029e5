import { z } from 'zod'
import { configuredModes, modeNames } from '../words/mode-names.ts'

/** What a guest is doing. `halted` guests have a definition and no domain; `crashed` ones have a domain that is kept for a look. */
export const guestStates = [
  'halted',
  'starting',
  'running',
  'paused',
  'stopping',
  'crashed',
  'shutdown',
  'dying',
] as const

/** Why a domain ended: Xen's SHUTDOWN_* reasons (xen/include/public/sched.h), `destroyed` when it was taken away from outside. */
export const endReasons = ['poweroff', 'reboot', 'suspend', 'crash', 'watchdog', 'soft-reset', 'destroyed'] as const

export const deviceModelSchema = z
  .strictObject({
    pid: z.int().positive().describe("QEMU's process id in dom0"),
    reason: z.string().describe('Why this guest has a device model, in a sentence'),
  })
  .describe('The QEMU that serves a guest')

export const deviceSchema = z.strictObject({
  kind: z.enum(['disk', 'nic', 'console', 'other']),
  name: z.string().describe('xvda, hdc, vif0 …'),
  backend: z.string().describe('What serves it: phy, qdisk, tap, vif …'),
  target: z.string().nullable().describe('The file, block device or bridge behind it'),
  connected: z.boolean().describe('True when the PV frontend in the guest is connected (backend state 4)'),
})

export const bootedSchema = z
  .strictObject({
    how: z.enum(['kernel', 'boot-loader', 'firmware', 'pvgrub', 'unknown']),
    what: z.string().describe('The kernel, boot loader entry or firmware, for people'),
    kernelVersion: z.string().nullable(),
  })
  .describe('What the guest was started from')

export const guestSchema = z
  .strictObject({
    name: z.string(),
    uuid: z.string(),
    domid: z.int().nullable().describe("Xen's number of the running domain, null when halted"),
    state: z.enum(guestStates),
    mode: z.strictObject({
      configured: z
        .enum(configuredModes)
        .nullable()
        .describe('What the definition asks for, null for domains of others'),
      chosen: z.enum(modeNames).nullable().describe('What the running domain was built as, null when halted'),
      observed: z.enum(modeNames).nullable().describe('What Xen and xenstore say it is, null when unknown'),
      evidence: z.array(z.string()).describe('What the observation rests on, in sentences'),
    }),
    deviceModel: deviceModelSchema.nullable(),
    memoryMiB: z.number().describe('Memory the domain has now, or is defined with when halted'),
    vcpus: z.int(),
    cpuTimeSeconds: z.number().describe('Sum over all vCPUs since the domain was built'),
    managed: z.boolean().describe('False for domains of other toolstacks'),
    defined: z.boolean().describe('True when a file in the guests directory defines it'),
    booted: bootedSchema.nullable(),
    startedAt: z.iso.datetime().nullable(),
    lastEnd: z
      .strictObject({ reason: z.enum(endReasons), at: z.iso.datetime() })
      .nullable()
      .describe('How its last domain ended'),
    warnings: z.array(z.string()).describe('What was found in its definition'),
  })
  .describe('A guest, or a domain of another toolstack')

export const guestDetailSchema = guestSchema.extend({
  devices: z.array(deviceSchema),
  definition: z.strictObject({ file: z.string(), text: z.string() }).nullable(),
  consoleTail: z.array(z.string()).describe('The last lines of its console, control characters escaped'),
})

export type Guest = z.infer<typeof guestSchema>
export type GuestDetail = z.infer<typeof guestDetailSchema>
export type GuestState = (typeof guestStates)[number]
export type EndReason = (typeof endReasons)[number]
export type DeviceModel = z.infer<typeof deviceModelSchema>
export type Device = z.infer<typeof deviceSchema>
export type Booted = z.infer<typeof bootedSchema>
