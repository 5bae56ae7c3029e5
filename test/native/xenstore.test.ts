/** The client against both real xenstoreds, which need no Xen as long as no domain is introduced. */
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { domid, uuid, type XenstorePath } from '../../src/words/ids.ts'
import { XenstoreClient } from '../../src/xenstore/client.ts'
import { readDevices } from '../../src/xenstore/devices.ts'
import { xenstoreErrno } from '../../src/xenstore/operations.ts'
import { below, domainName, domainPath, libxlDevice, vmPath, xenstorePath } from '../../src/xenstore/paths.ts'
import { type RealXenstored, startXenstored, type XenstoredKind } from './xenstored.ts'

const path = xenstorePath
const kinds: XenstoredKind[] = ['xenstored', 'oxenstored']

describe.each(kinds)('with %s', (kind) => {
  let daemon: RealXenstored
  let client: XenstoreClient

  beforeAll(async () => {
    daemon = await startXenstored(kind)
    client = new XenstoreClient({ path: daemon.socket })
  })
  afterAll(async () => {
    client.close()
    await daemon.stop()
  })

  test('reads what was written, byte for byte', async () => {
    const bytes = Buffer.from([0, 1, 0xff, 10, 0])
    await client.write(path('/bytes'), bytes)
    expect(await client.read(path('/bytes'))).toEqual(bytes)
    await client.write(path('/empty'), '')
    expect(await client.read(path('/empty'))).toEqual(Buffer.alloc(0))
  })

  test('takes only printable UTF-8 as text', async () => {
    await client.write(path('/text/good'), 'Käse 奶酪')
    await client.write(path('/text/control'), 'a\x1b[31mb')
    await client.write(path('/text/invalid'), Buffer.from([0x61, 0xff]))
    await client.write(path('/text/bidi'), 'a\u202eb')
    expect(await client.readText(path('/text/good'))).toBe('Käse 奶酪')
    expect(await client.readText(path('/text/control'))).toBeNull()
    expect(await client.readText(path('/text/invalid'))).toBeNull()
    expect(await client.readText(path('/text/bidi'))).toBeNull()
  })

  test('answers null for what is not there', async () => {
    expect(await client.read(path('/nowhere/at/all'))).toBeNull()
    expect(await client.readText(path('/nowhere'))).toBeNull()
    expect(await client.directory(path('/nowhere'))).toBeNull()
    expect(await client.getPermissions(path('/nowhere'))).toBeNull()
  })

  test('lists, creates and removes', async () => {
    await client.mkdir(path('/dir/a'))
    await client.write(path('/dir/b'), '1')
    expect((await client.directory(path('/dir')))?.sort()).toEqual(['a', 'b'])
    expect(await client.directory(path('/dir/a'))).toEqual([])
    expect(await client.rm(path('/dir'))).toBe(true)
    expect(await client.directory(path('/dir'))).toBeNull()
    expect(await client.rm(path('/dir/gone'))).toBe(false)
  })

  test('lists a directory whose names take far more than one payload', async () => {
    const names = Array.from({ length: 600 }, (_, index) => `child-with-a-rather-long-name-${index}`)
    await Promise.all(names.map((name) => client.write(path(`/long/${name}`), '')))
    expect((await client.directory(path('/long')))?.sort()).toEqual(names.sort())
  })

  test('sets and reads permissions', async () => {
    await client.write(path('/perms'), '')
    await client.setPermissions(path('/perms'), [
      { domid: domid(0), access: 'none' },
      { domid: domid(7), access: 'read' },
      { domid: domid(8), access: 'both' },
      { domid: domid(9), access: 'write' },
    ])
    expect(await client.getPermissions(path('/perms'))).toEqual([
      { domid: 0, access: 'none' },
      { domid: 7, access: 'read' },
      { domid: 8, access: 'both' },
      { domid: 9, access: 'write' },
    ])
  })

  test('knows domain paths and who is introduced', async () => {
    expect(await client.getDomainPath(domid(3))).toBe(domainPath(domid(3)))
    expect(await client.isIntroduced(domid(3))).toBe(false)
  })

  test('refuses a value that is too long before xenstored hangs up on us', async () => {
    await expect(client.write(path('/big'), Buffer.alloc(5000))).rejects.toMatchObject({ code: 'xenstore-failed' })
    await client.write(path('/big'), 'small')
    expect(await client.readText(path('/big'))).toBe('small')
  })

  test('names xenstored’s errno in its error', async () => {
    const tooLong = `/${'x'.repeat(3000)}` as XenstorePath
    const error: unknown = await client.write(tooLong, '').catch((thrown: unknown) => thrown)
    expect(xenstoreErrno(error)).toBe('EINVAL')
    expect(error).toMatchObject({ code: 'xenstore-failed', parts: { why: 'xenstored answered EINVAL' } })
  })

  test('answers 1,000 requests asked at once, each with its own reply', async () => {
    const numbers = Array.from({ length: 1000 }, (_, index) => index)
    await Promise.all(numbers.map((number) => client.write(path(`/many/${number % 100}/${number}`), String(number))))
    const texts = await Promise.all(numbers.map((number) => client.readText(path(`/many/${number % 100}/${number}`))))
    expect(texts).toEqual(numbers.map(String))
  })

  test('connects 20 clients at once although the backlog is 1', async () => {
    await client.write(path('/shared'), 'yes')
    const clients = Array.from({ length: 20 }, () => new XenstoreClient({ path: daemon.socket }))
    expect(await Promise.all(clients.map((each) => each.readText(path('/shared'))))).toEqual(clients.map(() => 'yes'))
    for (const each of clients) each.close()
  })

  describe('a watch', () => {
    test('fires once at the start and then for each change below', async () => {
      const seen = new Seen()
      const unwatch = await client.watch(path('/watched'), (changed) => seen.add(changed))
      await seen.until('/watched')
      await client.write(path('/watched/a/b'), '1')
      await seen.until('/watched/a/b')
      await unwatch()
      const before = seen.count
      await client.write(path('/watched/c'), '1')
      await client.read(path('/watched/c'))
      expect(seen.count).toBe(before)
      await unwatch()
    })

    test('sees a transaction’s writes only after it', async () => {
      const seen = new Seen()
      const unwatch = await client.watch(path('/tx-watched'), (changed) => seen.add(changed))
      await seen.until('/tx-watched')
      await client.transaction(async (within) => {
        await within.write(path('/tx-watched/a'), '1')
        await client.read(path('/'))
        expect(seen.has('/tx-watched/a')).toBe(false)
      })
      await seen.until('/tx-watched/a')
      await unwatch()
    })

    test.each(['@introduceDomain', '@releaseDomain'] as const)('can be set on %s', async (special) => {
      const seen = new Seen()
      const unwatch = await client.watch(special, (changed) => seen.add(changed))
      await seen.until(special)
      await unwatch()
    })
  })

  describe('a transaction', () => {
    test('is seen whole or not at all', async () => {
      const result = await client.transaction(async (within) => {
        await within.write(path('/tx/a'), '1')
        expect(await within.readText(path('/tx/a'))).toBe('1')
        expect(await client.read(path('/tx/a'))).toBeNull()
        return 'done'
      })
      expect(result).toBe('done')
      expect(await client.readText(path('/tx/a'))).toBe('1')
    })

    test('leaves nothing when its body throws', async () => {
      const broken = client.transaction(async (within) => {
        await within.write(path('/tx/thrown'), '1')
        throw new Error('changed my mind')
      })
      await expect(broken).rejects.toThrow('changed my mind')
      expect(await client.read(path('/tx/thrown'))).toBeNull()
    })

    test('is run again when others write what it read', async () => {
      await client.write(path('/counter'), '0')
      const other = new XenstoreClient({ path: daemon.socket })
      const increment = (who: XenstoreClient) =>
        who.transaction(async (within) => {
          const value = Number(await within.readText(path('/counter')))
          await within.write(path('/counter'), String(value + 1))
        })
      await Promise.all(Array.from({ length: 8 }, (_, index) => increment(index % 2 === 0 ? client : other)))
      expect(await client.readText(path('/counter'))).toBe('8')
      other.close()
    })

    test('is given up after as many attempts as it was told', async () => {
      let runs = 0
      const spoiled = client.transaction(
        async (within) => {
          runs += 1
          await within.readText(path('/spoiled'))
          await client.write(path('/spoiled'), String(runs))
          await within.write(path('/spoiled'), 'mine')
        },
        { attempts: 3 },
      )
      await expect(spoiled).rejects.toMatchObject({ code: 'xenstore-failed' })
      expect(runs).toBe(3)
    })
  })

  describe('the devices of a domain', () => {
    const guest = domid(5)
    const writeAll = (base: XenstorePath, nodes: Record<string, string>) =>
      Promise.all(Object.entries(nodes).map(([name, value]) => client.write(below(base, name), value)))

    beforeAll(async () => {
      const disk = path('/local/domain/0/backend/vbd/5/51712')
      await writeAll(libxlDevice(guest, 'vbd', 51712), {
        backend: disk,
        frontend: '/local/domain/5/device/vbd/51712',
        params: '/srv/web.img',
        dev: 'xvda',
        type: 'phy',
        mode: 'w',
        'device-type': 'disk',
        state: '1',
      })
      await writeAll(disk, { state: '4', 'physical-device-path': '/dev/loop3' })
      await writeAll(libxlDevice(guest, 'vif', 0), {
        backend: '/local/domain/0/backend/vif/5/0',
        mac: '00:16:3e:00:00:01',
        bridge: 'xenbr0',
        script: '/etc/xen/scripts/vif-bridge',
      })
      await writeAll(libxlDevice(guest, 'console', 0), { backend: '/local/domain/0/backend/console/5/0' })
    })

    test('are read from libxl’s tree, their state from the backend', async () => {
      expect(await readDevices(client, guest)).toEqual([
        expect.objectContaining({ kind: 'other', frontendKind: 'console', devid: 0, state: null }),
        {
          kind: 'vbd',
          devid: 51712,
          backendDomid: 0,
          backendKind: 'vbd',
          backend: '/local/domain/0/backend/vbd/5/51712',
          state: 'connected',
          vdev: 'xvda',
          params: '/srv/web.img',
          blockDevice: '/dev/loop3',
          backendType: 'phy',
          access: 'read-write',
          cdrom: false,
        },
        expect.objectContaining({ kind: 'vif', mac: '00:16:3e:00:00:01', bridge: 'xenbr0' }),
      ])
    })

    test('are not led astray by what the guest writes (XSA-175)', async () => {
      await client.write(path('/local/domain/5/device/vbd/51712/backend'), '/local/domain/5/data/fake')
      await client.write(path('/local/domain/5/data/fake/state'), '6')
      const devices = await readDevices(client, guest)
      expect(devices.find(({ kind }) => kind === 'vbd')?.state).toBe('connected')
    })

    test.each([
      ['of another domain', '/local/domain/0/backend/vbd/6/51712'],
      ['of another device', '/local/domain/0/backend/vbd/5/51728'],
      ['outside a backend directory', '/local/domain/5/data/fake'],
      ['with more below it', '/local/domain/0/backend/vbd/5/51712/../x'],
    ])('leave out one whose backend is %s', async (_, backend) => {
      await client.write(below(libxlDevice(domid(9), 'vbd', 51712), 'backend'), backend)
      expect(await readDevices(client, domid(9))).toEqual([])
    })

    test('are bounded in number', async () => {
      for (let devid = 0; devid < 5; devid += 1) {
        const backend = `/local/domain/0/backend/vif/10/${devid}`
        await client.write(below(libxlDevice(domid(10), 'vif', devid), 'backend'), backend)
      }
      const devices = await readDevices(client, domid(10), { devicesOfAKind: 2 })
      expect(devices.map(({ devid }) => devid)).toEqual([0, 1])
    })

    test('are none for a domain that is not there', async () => {
      expect(await readDevices(client, domid(4711))).toEqual([])
    })
  })

  test('paths of the daemon are paths that xenstored takes', async () => {
    const named = [domainName(domid(1)), vmPath(uuid('00000000-0000-4000-8000-000000000001'))]
    for (const each of named) await client.write(each, 'x')
    expect(await Promise.all(named.map((each) => client.readText(each)))).toEqual(['x', 'x'])
  })

  test('after a restart of xenstored, watches fire again and requests work', async () => {
    const own = await startXenstored(kind)
    const survivor = new XenstoreClient({ path: own.socket, connectPauseMaxMs: 20 })
    const seen = new Seen()
    await survivor.watch(path('/kept'), (changed) => seen.add(changed))
    await seen.until('/kept')
    const inFlight = survivor.transaction(async (within) => {
      await within.write(path('/kept/lost'), '1')
      await own.stop()
      await within.read(path('/kept'))
    })
    await expect(inFlight).rejects.toMatchObject({ code: 'xenstore-failed' })
    seen.clear()
    await own.start()
    await seen.until('/kept')
    await survivor.write(path('/kept/again'), '1')
    await seen.until('/kept/again')
    expect(await survivor.read(path('/kept/lost'))).toBeNull()
    survivor.close()
    await own.stop()
  })
})

/** Remembers events and lets a test wait for one, with the runner's own timeout as the bound. */
class Seen extends EventTarget {
  #paths: string[] = []

  get count(): number {
    return this.#paths.length
  }
  has(path: string): boolean {
    return this.#paths.includes(path)
  }
  add(path: string): void {
    this.#paths.push(path)
    this.dispatchEvent(new Event('seen'))
  }
  clear(): void {
    this.#paths = []
  }
  async until(path: string): Promise<void> {
    while (!this.has(path)) await once(this, 'seen')
  }
}
