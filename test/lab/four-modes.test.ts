import { beforeAll, describe, expect, test } from 'vitest'
import { demoGuests, prepareDemoGuests } from '../../lab/demo-guests.ts'
import { dom0 } from '../../lab/dom0.ts'
import type { GuestDetail } from '../../src/api/guest.ts'
import { TetrarchError } from '../../src/words/errors.ts'
import { type LabDaemon, labDaemon, remains } from './lab-daemon.ts'
import { hardwareVirtualized } from './small-guests.ts'

/** libxl's type, Xen's emulation flags and the QEMUs of each mode. XEN_X86_EMU_*: 0 PV, 1 a local APIC alone. */
const xenSays = {
  pv: { libxlType: 'pv', guestType: 'type=PV ', qemus: 0 },
  pvh: { libxlType: 'pvh', guestType: 'type=PVH ', qemus: 0 },
  hvm: { libxlType: 'hvm', guestType: 'TETRARCH-GUEST', qemus: 1 },
  pvhvm: { libxlType: 'hvm', guestType: 'type=HVM ', qemus: 1 },
} as const

const BOOT = { timeoutMs: process.env['LAB_FLAVOUR'] === 'trixie' ? 900_000 : 200_000 }

let daemon: LabDaemon
beforeAll(async () => {
  daemon = await labDaemon()
  await daemon.clear()
  await prepareDemoGuests()
  for (const { name } of demoGuests) await createDemoGuest(name)
  for (const { name } of demoGuests) await up(name)
})

const createDemoGuest = async (name: string) => daemon.create(await dom0.sh(`cat /root/examples/${name}.cfg`))

/** Waits for the guest's marker line, and creates it again when it died before (hardwareVirtualized says why). */
async function up(name: string): Promise<void> {
  for (let left = hardwareVirtualized.retry; left > 0; left -= 1) {
    try {
      await marker(name)
      return
    } catch (error) {
      if (!(error instanceof TetrarchError) || error.code !== 'not-found') throw error
      await createDemoGuest(name)
    }
  }
}

const guest = (name: string): Promise<GuestDetail> => daemon.guest(name)
const marker = (name: string) => daemon.marker(name, BOOT)
const qemusOf = (domid: number | null) =>
  dom0.sh(`ps -eo pid,args | grep '[q]emu' | grep -- '-xen-domid ${domid} ' | awk '{ print $1 }'`)
const xenstore = (path: string) => dom0.sh(`xenstore-read ${path}`)
const backendStates = (domid: number | null) =>
  dom0.sh(
    `for kind in vbd vif; do for id in $(xenstore-list /local/domain/0/backend/$kind/${domid} 2>/dev/null); do` +
      ` xenstore-read /local/domain/0/backend/$kind/${domid}/$id/state; done; done`,
  )

describe.each(demoGuests)('$name', ({ name, mode }) => {
  test('boots and speaks on its console', async () => {
    expect(await marker(name)).toContain(xenSays[mode].guestType)
  })

  test('is what libxl says it is', async () => {
    const { domid } = await guest(name)
    expect(await xenstore(`/libxl/${domid}/type`)).toBe(xenSays[mode].libxlType)
    const listed = JSON.parse(await dom0.sh(`xl list -l ${domid}`)) as { config: { b_info: Record<string, unknown> } }[]
    expect(Object.keys(listed[0]?.config.b_info ?? {})).toContain(`type.${xenSays[mode].libxlType}`)
  })

  test('is observed as what it was meant to be', async () => {
    await marker(name)
    await dom0.waitFor(`${name} to be seen as ${mode}`, async () => (await guest(name)).mode.observed === mode, {
      timeoutMs: 30_000,
    })
    expect((await guest(name)).mode).toMatchObject({ configured: mode, chosen: mode, observed: mode })
  })

  test('has its PV devices connected exactly when its system has PV drivers', async () => {
    await marker(name)
    const { domid } = await guest(name)
    const states = (await backendStates(domid)).split('\n')
    expect(states).toHaveLength(2)
    expect(states.every((state) => state === '4')).toBe(mode !== 'hvm')
    expect(states.some((state) => state === '4')).toBe(mode !== 'hvm')
  })

  test('has exactly the QEMU that its mode needs, and we say which', async () => {
    const { domid, deviceModel } = await guest(name)
    const pids = (await qemusOf(domid)).split('\n').filter((pid) => pid !== '')
    expect(pids).toHaveLength(xenSays[mode].qemus)
    expect(deviceModel?.pid.toString()).toBe(pids[0])
  })

  test('was booted from where its definition says', async () => {
    const { booted } = await guest(name)
    const how = mode === 'pv' || mode === 'pvh' ? 'boot-loader' : 'firmware'
    expect(booted?.how).toBe(how)
  })
})

test('a daemon that is killed finds all four again, and no guest notices', async () => {
  const before = await daemon.list()
  const pid = await dom0.sh('systemctl show -P MainPID tetrarchd')
  await dom0.sh(`kill -9 ${pid}`)
  await dom0.waitFor(
    'systemd to start the daemon again',
    async () => {
      const state = await dom0.sh('systemctl show -P MainPID -P ActiveState tetrarchd')
      return (
        state.includes('active') &&
        !state.includes('activating') &&
        !state.includes(`${pid}\n`) &&
        !state.startsWith('0\n')
      )
    },
    { timeoutMs: 200_000, everyMs: 500 },
  )
  const again = await labDaemon()
  const after = await again.list()
  const essence = ({
    name,
    domid,
    uuid,
    managed,
    state,
    startedAt,
    mode,
    deviceModel,
    booted,
  }: GuestDetail | (typeof after)[number]) => ({
    ...{ name, domid, uuid, managed, state, startedAt, booted },
    // What QEMU says of itself is asked anew, a moment later.
    deviceModel: deviceModel && { pid: deviceModel.pid, reason: deviceModel.reason },
    mode: mode.observed,
  })
  expect(after.map(essence)).toEqual(before.map(essence))
  for (const { domid, managed } of after) {
    expect(managed).toBe(true)
    expect(await dom0.sh(`xl list ${domid} | tail -n 1`)).not.toBe('')
  }
  daemon = again
})

test.each([
  ['demo-pv', 'its PV driver took the request'],
  ['demo-pvh', 'its PV driver took the request'],
  ['demo-hvm', 'its ACPI power button was pressed'],
  ['demo-pvhvm', 'its PV driver took the request'],
])('%s obeys a shutdown: %s', async (name, asked) => {
  const { state, log } = await daemon.act('shutdown', name)
  expect(state).toBe('succeeded')
  expect(log.join('\n')).toContain(asked)
})

test('nothing is left when all have ended', async () => {
  await daemon.clear()
  expect(await remains()).toBe('')
})
