import { z } from 'zod'
import { changeSchema } from './definition.ts'
import { configuredModes, modeNames } from '../words/mode-names.ts'

/** What a guest is doing. `halted` guests have a definition and no domain; `saved` ones have their memory in a file and go on from there; `crashed` ones have a domain that is kept for a look. */
export const guestStates = [
  'halted',
  'saved',
  'starting',
  'running',
  'paused',
  'stopping',
  'crashed',
  'shutdown',
  'dying',
] as const

/** Why a domain ended: Xen's SHUTDOWN_* reasons (xen/include/public/sched.h), `destroyed` when it was taken away from outside,
 * `device-model` when it was ended because its QEMU died or hung. */
export const endReasons = [
  'poweroff',
  'reboot',
  'suspend',
  'crash',
  'watchdog',
  'soft-reset',
  'destroyed',
  'device-model',
] as const

export const deviceModelSchema = z
  .strictObject({
    pid: z.int().positive().describe("QEMU's process id in dom0"),
    reason: z.string().describe('Why this guest has a device model, in a sentence'),
    avoidable: z.boolean().describe('True when a device brought it into a guest whose mode does without'),
    health: z.enum(['well', 'hung', 'dead']).describe('Whether its process is there and answers'),
    trouble: z.string().nullable().describe('What is wrong with it, in a sentence'),
    status: z
      .string()
      .nullable()
      .describe("QEMU's own word of what it does: running, paused, io-error … (QMP RunState); null when not asked yet"),
    cdroms: z
      .array(z.strictObject({ device: z.string(), medium: z.string().nullable() }))
      .describe('Its CD drives and what lies in them'),
    lastWords: z.array(z.string()).describe('The last lines of its log, when it died or hangs'),
  })
  .describe('The QEMU that serves a guest')

export const deviceSchema = z.strictObject({
  kind: z.enum(['disk', 'nic', 'console', 'other']),
  name: z.string().describe('xvda, hdc, vif0 …'),
  backend: z.string().describe('What serves it: phy, qdisk, tap, vif …'),
  target: z.string().nullable().describe('The file, block device or bridge behind it'),
  connected: z.boolean().describe('True when the PV frontend in the guest is connected (backend state 4)'),
  emulation: z
    .enum(['present', 'unplugged', 'none', 'unknown'])
    .describe(
      'Whether QEMU emulates it now; `unplugged` when the PV drivers in the guest had it taken away, `none` when it never was',
    ),
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
      differs: z
        .boolean()
        .describe('True when it runs as something else than its definition asks for, or than was chosen for it'),
      lastSeen: z
        .strictObject({ mode: z.enum(modeNames), at: z.iso.datetime() })
        .nullable()
        .describe('What it was observed as the last time that this was certain, also when it is halted now'),
    }),
    deviceModel: deviceModelSchema.nullable(),
    memoryMiB: z.number().describe('Memory the domain has now, or is defined with when halted'),
    vcpus: z.int(),
    cpuTimeSeconds: z.number().describe('Sum over all vCPUs since the domain was built'),
    managed: z.boolean().describe('False for domains of other toolstacks'),
    changes: z
      .array(changeSchema)
      .describe('What of its definition was changed since it was started; this applies at its next start'),
    problem: z
      .string()
      .nullable()
      .describe('Why its file cannot be used now; the last good definition counts until then'),
    defined: z.boolean().describe('True when a file in the guests directory defines it'),
    booted: bootedSchema.nullable(),
    startedAt: z.iso.datetime().nullable(),
    lastEnd: z
      .strictObject({ reason: z.enum(endReasons), at: z.iso.datetime() })
      .nullable()
      .describe('How its last domain ended'),
    brake: z
      .strictObject({
        crashes: z.int().describe('Crashes within the crash-loop window'),
        restartsAt: z.iso.datetime().nullable().describe('Null when it is left halted'),
      })
      .nullable()
      .describe('What its crashes have led to; null for a guest that was started on purpose since'),
    saved: z
      .strictObject({
        at: z.iso.datetime(),
        mebibytes: z.int().describe('Size of the file'),
        goesOnWithHost: z.boolean().describe('True when it was saved at the end of the host, and goes on at its start'),
      })
      .nullable()
      .describe('Its memory in a file, from which its next start goes on'),
    kept: z.string().nullable().describe('The guest whose ended domain this is, kept by rename-restart'),
    warnings: z.array(z.string()).describe('What was found in its definition'),
  })
  .describe('A guest, or a domain of another toolstack')

export const guestDetailSchema = guestSchema.extend({
  devices: z.array(deviceSchema),
  definition: z
    .strictObject({
      file: z.string(),
      text: z.string(),
      overrides: z.array(z.string()).describe('Settings that were given beside it'),
    })
    .nullable()
    .describe('What it runs with, or would be started with'),
  vnc: z
    .strictObject({ address: z.string().describe('127.0.0.1:5900, or unix:/path') })
    .nullable()
    .describe('Where its screen is shown; the password is told by /v1/guests/:guest/vnc alone'),
  consoleTail: z.array(z.string()).describe('The last lines of its console, control characters escaped'),
})

/** The one answer that holds a secret, so it is not given on the read-only socket. */
export const vncSchema = z
  .strictObject({
    address: z.string().describe('127.0.0.1:5900, or unix:/path'),
    password: z.string().nullable().describe('Null when none is needed'),
  })
  .describe('How to look at the screen of a guest')

const processors = (what: string) => z.array(z.int()).nullable().describe(`${what}; null for all of the host`)

export const vcpuSchema = z
  .strictObject({
    vcpu: z.int(),
    state: z
      .enum(['running', 'runnable', 'idle', 'paused', 'offline'])
      .describe('`idle` has nothing to do, `runnable` waits for a processor'),
    cpu: z.int().nullable().describe('The processor that it runs on or ran on last, null when offline'),
    cpuTimeSeconds: z.number(),
    hardAffinity: processors('Processors that it may run on'),
    softAffinity: processors('Processors that it runs on if it can choose'),
  })
  .describe('A virtual processor of a guest')

export type Vcpu = z.infer<typeof vcpuSchema>
export type Guest = z.infer<typeof guestSchema>
export type GuestDetail = z.infer<typeof guestDetailSchema>
export type GuestState = (typeof guestStates)[number]
export type EndReason = (typeof endReasons)[number]
export type DeviceModel = z.infer<typeof deviceModelSchema>
export type Device = z.infer<typeof deviceSchema>
export type Vnc = z.infer<typeof vncSchema>
export type Booted = z.infer<typeof bootedSchema>
