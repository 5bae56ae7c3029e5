/** What every host promises (src/daemon/host.ts), as tests that run on each of them. */
import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { GuestSpec } from '../../src/config/guest-spec.ts'
import type { Domain, Host, Operation } from '../../src/daemon/host.ts'
import type { JsonObject } from '../../src/libxl/requests.ts'
import type { LibxlType } from '../../src/modes/domain-type.ts'
import { type Domid, domid, uuid } from '../../src/words/ids.ts'

export interface HostUnderTest {
  readonly makeHost: () => Promise<Host>
  /** A libxl configuration of a small guest that boots there. */
  readonly configOf: (type: LibxlType, name: string, id: string) => JsonObject
  /** How long things may take there, milliseconds. */
  readonly withinMs: number
}

export const quietly = (): Operation => ({ signal: new AbortController().signal, log: () => undefined })

const NO_SUCH_DOMAIN = domid(32_000)
const types = ['pv', 'pvh', 'hvm'] as const satisfies readonly LibxlType[]

export function testHost({ makeHost, configOf, withinMs }: HostUnderTest): void {
  let host: Host
  const made = new Set<string>()
  const build = async (type: LibxlType, operation: Operation = quietly()) => {
    const id = randomUUID()
    made.add(id)
    return await host.build(configOf(type, `contract-${id.slice(0, 8)}`, id), operation)
  }
  const domainOf = (id: Domid): Domain | undefined => host.domain(id) ?? undefined
  const until = (check: () => Promise<void> | void) => vi.waitFor(check, { timeout: withinMs, interval: 5 })
  const stateOf = (id: Domid, state: Domain['state']) => until(() => expect(domainOf(id)?.state).toBe(state))
  const gone = (id: Domid) => until(() => expect(domainOf(id)).toBeUndefined())

  beforeEach(async () => {
    host = await makeHost()
  })
  afterEach(async () => {
    const spec = GuestSpec.parse({ name: 'contract' })
    for (const id of made) await host.sweep(uuid(id), spec, quietly())
    made.clear()
    await host.close()
  })

  describe.each(types)('a domain of type %s', (type) => {
    test('is paused when it was built, with the memory and vCPUs of its configuration', async () => {
      const id = await build(type)
      expect(domainOf(id)).toMatchObject({ state: 'paused', shutdown: null, hvm: type !== 'pv', vcpus: 1 })
      expect(await host.describe(id)).toMatchObject({ libxlType: type })
      expect(host.vcpus(id)).toMatchObject([{ vcpu: 0, state: 'paused', hardAffinity: null, softAffinity: null }])
    })

    test('has a device model exactly when it is HVM', async () => {
      const { deviceModelPid } = await host.describe(await build(type))
      expect(deviceModelPid !== null).toBe(type === 'hvm')
    })

    test('shows a local APIC alone exactly when it is PVH', async () => {
      expect(domainOf(await build(type))?.emulationFlags === 1).toBe(type === 'pvh')
    })

    test('runs when unpaused, and connects its PV devices', async () => {
      const id = await build(type)
      await host.unpause(id, quietly())
      await until(async () => {
        const { devices } = await host.describe(id)
        expect(devices.some((device) => device.connected)).toBe(true)
      })
    })

    test('powers itself off when it is asked to, and stays until it is destroyed', async () => {
      const id = await build(type)
      await host.unpause(id, quietly())
      await until(async () => expect(await host.shutdown(id, 1000, quietly())).toMatch(/pv-control|acpi/))
      await stateOf(id, 'shutdown')
      expect(domainOf(id)?.shutdown).toBe('poweroff')
      await host.destroy(id, quietly())
      await gone(id)
    })
  })

  test('pause stops a running domain and unpause lets it go on', async () => {
    const id = await build('pvh')
    await host.unpause(id, quietly())
    await host.pause(id, quietly())
    await stateOf(id, 'paused')
    await host.unpause(id, quietly())
    await stateOf(id, 'running')
  })

  test('a reboot ends the domain with that reason', async () => {
    const id = await build('pvh')
    await host.unpause(id, quietly())
    await host.reboot(id, 1000, quietly())
    await until(() => expect(domainOf(id)?.shutdown).toBe('reboot'))
  })

  test('domains stand in order of domid and dom0 is not among them', async () => {
    await build('pv')
    await build('pvh')
    const ids = host.domains().map((each) => Number(each.domid))
    expect(ids).toEqual(ids.toSorted((a, b) => a - b))
    expect(ids).not.toContain(0)
  })

  test('a listener hears of domains that come and go, until its disposal', async () => {
    const heard = vi.fn()
    const listening = host.onDomainsChanged(heard)
    const id = await build('pvh')
    await until(() => expect(heard).toHaveBeenCalled())
    heard.mockClear()
    await host.destroy(id, quietly())
    await until(() => expect(heard).toHaveBeenCalled())
    listening[Symbol.dispose]()
    heard.mockClear()
    await build('pvh')
    expect(heard).not.toHaveBeenCalled()
  })

  test('a watch hears of PV devices that connect, and nothing after its disposal', async () => {
    const heard = vi.fn()
    const id = await build('pvh')
    {
      await using watch = await host.watchDescription(id, heard)
      expect(watch).toBeDefined()
      await host.unpause(id, quietly())
      await until(async () => {
        const { devices } = await host.describe(id)
        expect(devices[0]?.connected).toBe(true)
      })
      expect(heard).toHaveBeenCalled()
    }
    heard.mockClear()
    await host.destroy(id, quietly())
    await gone(id)
    expect(heard).not.toHaveBeenCalled()
  })

  test('a build takes free memory, and a destroy gives it back', async () => {
    const { freeMemoryMiB: before } = await host.facts()
    const id = await build('pvh')
    const { freeMemoryMiB: during } = await host.facts()
    expect(during).toBeLessThan(before)
    await host.destroy(id, quietly())
    await gone(id)
    await until(async () => expect((await host.facts()).freeMemoryMiB).toBeGreaterThan(during))
  })

  test('a build says how much it needs, which is more than the guest is given', async () => {
    const config = configOf('hvm', 'contract-need', randomUUID())
    expect(await host.neededMemoryMiB(config, quietly())).toBeGreaterThan(128)
  })

  test('a cancelled build rejects as cancelled, and sweep removes what it left', async () => {
    const stop = new AbortController()
    const id = randomUUID()
    made.add(id)
    const building = host.build(configOf('pvh', 'contract-cancelled', id), {
      signal: stop.signal,
      log: () => undefined,
    })
    stop.abort()
    await expect(building).rejects.toMatchObject({ code: 'cancelled' })
    await host.sweep(uuid(id), GuestSpec.parse({ name: 'contract-cancelled' }), quietly())
    await until(() => expect(host.domains().map((each) => each.uuid)).not.toContain(id))
  })

  test('a name in use is refused, and the domain that has it stays', async () => {
    const [first, second] = [randomUUID(), randomUUID()]
    made.add(first).add(second)
    const id = await host.build(configOf('pvh', 'contract-twice', first), quietly())
    const again = host.build(configOf('pvh', 'contract-twice', second), quietly())
    await expect(again).rejects.toMatchObject({ code: 'libxl-failed' })
    expect(domainOf(id)?.state).toBe('paused')
  })

  test('a domain that has gone is not found', async () => {
    await expect(host.describe(NO_SUCH_DOMAIN)).rejects.toMatchObject({ code: 'not-found' })
    await expect(host.pause(NO_SUCH_DOMAIN, quietly())).rejects.toMatchObject({ code: 'not-found' })
    await expect(host.destroy(NO_SUCH_DOMAIN, quietly())).rejects.toMatchObject({ code: 'not-found' })
  })
}
