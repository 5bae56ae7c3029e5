import { randomUUID } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { describe, expect, test, vi } from 'vitest'
import { GuestSpec } from '../../src/config/guest-spec.ts'
import { SimulatedHost } from '../../src/daemon/simulated-host.ts'
import type { SimulatedOptions } from '../../src/daemon/simulated/settings.ts'
import type { JsonObject } from '../../src/libxl/requests.ts'
import type { LibxlType } from '../../src/modes/domain-type.ts'
import { fail } from '../../src/words/errors.ts'
import { type Domid, uuid } from '../../src/words/ids.ts'
import { quietly, testHost } from './host-contract.ts'

const MEMORY_KIB = 128 * 1024

const configOf = (type: LibxlType, name = 'web', id: string = randomUUID(), more: JsonObject = {}): JsonObject => ({
  c_info: { type, name, uuid: id },
  b_info: { max_memkb: MEMORY_KIB, max_vcpus: 1, [`type.${type}`]: {} },
  disks: [{ pdev_path: '/images/disk.img', vdev: 'xvda', backend: 'phy', format: 'raw', readwrite: 1 }],
  nics: [{ devid: 0, bridge: 'xenbr0' }],
  ...more,
})

/** A host whose consoles go to the returned list of terminals. */
function simulation(options: SimulatedOptions = {}) {
  const terminals: Duplex[] = []
  const host = new SimulatedHost((tty) => {
    terminals.push(tty)
    return Promise.reject(new Error('only the terminal is wanted here'))
  }, options)
  const run = async (config: JsonObject): Promise<Domid> => {
    const id = await host.build(config, quietly())
    await host.unpause(id, quietly())
    return id
  }
  const terminalOf = async (id: Domid): Promise<Duplex> => {
    await host.openConsole(id, 'web').catch(() => undefined)
    return terminals.at(-1)!
  }
  return { host, run, terminalOf }
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 2000, interval: 2 })

async function readUntil(terminal: Duplex, pattern: RegExp): Promise<string> {
  let text = ''
  for await (const chunk of terminal.iterator({ destroyOnReturn: false })) {
    text += String(chunk)
    if (pattern.test(text)) return text
  }
  return text
}

describe('as every host', () => {
  testHost({ makeHost: () => Promise.resolve(simulation().host), configOf, withinMs: 2000 })
})

describe('the console of a simulated guest', () => {
  test('shows its boot from the first line, and a marker line with its type and devices', async () => {
    const { host, run, terminalOf } = simulation()
    const terminal = await terminalOf(await run(configOf('pvh')))
    const text = await readUntil(terminal, /TETRARCH-GUEST[^\n]*\n/)
    expect(text).toMatch(/^\[ {4}0\.000000\] Linux version/)
    expect(text).toContain('TETRARCH-GUEST type=PVH disks=xvda nics=eth0 cpus=1 memory=128MiB')
    await host.close()
  })

  test.each(['poweroff', 'reboot', 'crash'] as const)('obeys %s typed into it', async (word) => {
    const { host, run, terminalOf } = simulation()
    const id = await run(configOf('pv'))
    const terminal = await terminalOf(id)
    await readUntil(terminal, /TETRARCH-GUEST/)
    terminal.write(`${word}\n`)
    await until(() => expect(host.domains()[0]).toMatchObject({ state: 'shutdown', shutdown: word }))
    await host.close()
  })
})

describe('an HVM guest', () => {
  const withPlatformPci = (value: string) =>
    configOf('hvm', 'desk', randomUUID(), {
      b_info: { max_memkb: MEMORY_KIB, max_vcpus: 1, 'type.hvm': { xen_platform_pci: value } },
    })

  test.each([
    ['connects its PV drivers where the platform device is there', 'True', {}, true],
    ['stays in its emulated hardware without the platform device', 'False', {}, false],
    ['stays in its emulated hardware without PV drivers in its system', 'True', { pvDrivers: false }, false],
  ])('%s', async (_, platformPci, behaviour, connected) => {
    const { host, run, terminalOf } = simulation({ behaviour: () => behaviour, times: { pvConnectMs: 0 } })
    const id = await run(withPlatformPci(platformPci))
    await readUntil(await terminalOf(id), /Type poweroff/)
    await vi.waitFor(async () => {
      const { devices, callbackVector } = await host.describe(id)
      expect(devices.map((device) => device.connected)).toEqual([connected, connected])
      expect(callbackVector).toBe(connected)
    })
    expect(await host.shutdown(id, 1000, quietly())).toBe(connected ? 'pv-control' : 'acpi')
    await host.close()
  })
})

test('a disk that only QEMU can serve gives a PVH guest a device model', async () => {
  const { host, run } = simulation()
  const disks = [{ pdev_path: '/images/a.qcow2', vdev: 'xvda', format: 'qcow2' }]
  const id = await run(configOf('pvh', 'web', randomUUID(), { disks }))
  expect((await host.describe(id)).deviceModelPid).not.toBeNull()
  await host.close()
})

describe('faults', () => {
  test('a build that fails leaves a half-made domain, which sweep removes', async () => {
    const { host } = simulation()
    const id = randomUUID()
    host.failNext('build', fail('worker-died', { what: 'the libxl worker died' }))
    await expect(host.build(configOf('pv', 'web', id), quietly())).rejects.toMatchObject({ code: 'worker-died' })
    expect(host.remains()).toEqual(['domain 1 "web"'])
    await host.sweep(uuid(id), GuestSpec.parse({ name: 'web' }), quietly())
    expect(host.remains()).toEqual([])
  })

  test('strike once', async () => {
    const { host } = simulation()
    host.failNext('facts', new Error('once'))
    await expect(host.facts()).rejects.toThrow('once')
    await expect(host.facts()).resolves.toMatchObject({ xenVersion: '4.17.5' })
  })

  test('an operation that hangs is ended by its signal, with the reason that the signal gives', async () => {
    const { host } = simulation()
    const stop = new AbortController()
    host.hangNext('build')
    const building = host.build(configOf('pvh'), { signal: stop.signal, log: () => undefined })
    await until(() => expect(host.domains()).toHaveLength(1))
    stop.abort(fail('deadline', { what: 'the build took too long' }))
    await expect(building).rejects.toMatchObject({ code: 'deadline' })
    await host.close()
  })

  test('too little memory is refused before anything is made', async () => {
    const { host } = simulation({ memoryMiB: 2100 })
    await expect(host.build(configOf('pvh'), quietly())).rejects.toMatchObject({ code: 'libxl-failed' })
    expect(host.remains()).toEqual([])
  })

  test('a guest that does not obey stays, and can be destroyed', async () => {
    const { host, run } = simulation({ behaviour: () => ({ obeys: false }), times: { shutdownMs: 0 } })
    const id = await run(configOf('pvh'))
    await host.shutdown(id, 1000, quietly())
    await host.destroy(id, quietly())
    expect(host.domains()).toEqual([])
  })
})

describe('others in the simulation', () => {
  test.each([
    ['crash', 'crash'],
    ['powerOff', 'poweroff'],
    ['restart', 'reboot'],
  ] as const)('a guest that does %s by itself ends with the reason %s', async (how, reason) => {
    const { host, run } = simulation()
    const id = await run(configOf('pvh'))
    host[how](id)
    expect(host.domains()[0]).toMatchObject({ state: 'shutdown', shutdown: reason })
    await host.close()
  })

  test('a domain of another toolstack appears running, and vanishes', async () => {
    const { host } = simulation()
    const id = host.foreign({ name: 'theirs', uuid: uuid(randomUUID()) })
    expect(host.domains()).toMatchObject([{ domid: id, state: 'running' }])
    await host.vanish(id)
    expect(host.domains()).toEqual([])
  })
})

describe('what a specification boots', () => {
  const disk = { vdev: 'xvda', target: '/images/disk.img' }
  test.each([
    ['its kernel', { kernel: '/boot/vmlinuz' }, 'kernel'],
    ['the kernel on its disk in PVH', { mode: 'pvh', disks: [disk] }, 'boot-loader'],
    ['the kernel on its disk when the mode is open', { disks: [disk] }, 'boot-loader'],
    ['firmware in HVM', { mode: 'hvm', disks: [disk] }, 'firmware'],
    ['pvgrub when it says so', { mode: 'pv', firmware: 'pvgrub64', disks: [disk] }, 'pvgrub'],
  ] as const)('%s', async (_, fields, how) => {
    const { host } = simulation()
    const boot = await host.prepareBoot(GuestSpec.parse({ name: 'web', ...fields }), quietly())
    expect(boot.booted.how).toBe(how)
    await host.releaseBoot(boot)
    expect(host.remains()).toEqual([])
  })

  test('a missing kernel, disk or bridge is said before anything is built', async () => {
    const { host } = simulation({ exists: (name) => name === '/images/disk.img' })
    const check = (fields: object) => host.checkResources(GuestSpec.parse({ name: 'web', ...fields }))
    await expect(check({ disks: [disk] })).resolves.toBeUndefined()
    await expect(check({ kernel: '/boot/vmlinuz' })).rejects.toMatchObject({ code: 'file-missing' })
    await expect(check({ disks: [{ ...disk, target: '/none' }] })).rejects.toMatchObject({ code: 'file-missing' })
    await expect(check({ nics: [{ bridge: 'xenbr9' }] })).rejects.toMatchObject({ code: 'host-lacks' })
  })
})
