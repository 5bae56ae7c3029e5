/** The xenstore client against a running Xen: what libxl wrote for real domains, compared with what Xen's own tools say. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dom0, reachable } from '../../lab/dom0.ts'
import { output } from '../../lab/run.ts'
import { deviceModelPidOf } from '../../src/qemu/device-model.ts'
import { type Domid, domid } from '../../src/words/ids.ts'
import { XenstoreClient } from '../../src/xenstore/client.ts'
import { readDevices } from '../../src/xenstore/devices.ts'
import * as paths from '../../src/xenstore/paths.ts'

const NAME = 'xenstore-lab'
const CONFIG = '/tmp/xenstore-lab.cfg'

let dir: string
let client: XenstoreClient

beforeAll(async () => {
  // dom0's socket, brought here over the lab's open connection.
  const { place } = await reachable()
  dir = await mkdtemp(join(tmpdir(), 'tetrarch-lab-'))
  const socket = join(dir, 'xenstored')
  const forward = ['-O', 'forward', '-L', `${socket}:/run/xenstored/socket`]
  await output(['ssh', '-F', 'none', '-S', place.sshSocket, ...forward, 'root@127.0.0.1'])
  client = new XenstoreClient({ path: socket })
  await dom0.sh(`xl destroy ${NAME} 2>/dev/null || true`)
})
afterAll(async () => {
  await dom0.sh(`xl destroy ${NAME} 2>/dev/null || true; rm -f ${CONFIG}`)
  client.close()
  await rm(dir, { recursive: true, force: true })
})

async function createPaused(...lines: string[]): Promise<Domid> {
  const common = [`name="${NAME}"`, 'memory=192', 'kernel="/vmlinuz"', 'ramdisk="/initrd.img"']
  await dom0.sh(`cat > ${CONFIG}`, { stdin: [...common, ...lines, ''].join('\n') })
  await dom0.sh(`xl create -p ${CONFIG}`)
  return domid(Number(await dom0.sh(`xl domid ${NAME}`)))
}
const read = (path: string) => dom0.sh(`xenstore-read ${path}`)

test('a PVH guest with a nic is described as libxl wrote it, and has no device model', async () => {
  const guest = await createPaused('type="pvh"', 'vif=["bridge=xenbr0,mac=00:16:3e:11:22:33"]')
  expect(await client.readText(paths.domainName(guest))).toBe(NAME)
  expect(await client.readText(paths.libxlType(guest))).toBe('pvh')
  expect(await client.isIntroduced(guest)).toBe(true)
  expect(await client.readText(paths.memoryTarget(guest))).toBe(await read(paths.memoryTarget(guest)))
  expect(await client.readText(paths.consoleTty(guest))).toMatch(/^\/dev\/pts\/\d+$/)
  expect(await client.readText(paths.domainVm(guest))).toMatch(/^\/vm\/[0-9a-f-]{36}$/)

  const devices = await readDevices(client, guest)
  expect(devices).toContainEqual({
    kind: 'vif',
    devid: 0,
    backendDomid: 0,
    backendKind: 'vif',
    backend: `/local/domain/0/backend/vif/${guest}/0`,
    state: 'init-wait',
    mac: '00:16:3e:11:22:33',
    bridge: 'xenbr0',
    script: '/etc/xen/scripts/vif-bridge',
    type: 'vif',
    vifName: null,
  })
  expect(devices).toContainEqual(expect.objectContaining({ kind: 'other', frontendKind: 'console', devid: 0 }))
  expect(await deviceModelPidOf(client, guest)).toBeNull()
})

test('the end of a domain and the beginning of the next fire the special watches', async () => {
  const seen = { release: 0, introduce: 0 }
  const bell = new EventTarget()
  const count = (which: keyof typeof seen) => () => {
    seen[which] += 1
    bell.dispatchEvent(new Event('event'))
  }
  const until = async (enough: () => boolean) => {
    while (!enough()) await once(bell, 'event')
  }
  const ends = [
    await client.watch('@releaseDomain', count('release')),
    await client.watch('@introduceDomain', count('introduce')),
  ]
  await until(() => seen.release > 0 && seen.introduce > 0)
  const before = { ...seen }
  await dom0.sh(`xl destroy ${NAME}`)
  await until(() => seen.release > before.release)
  await createPaused('type="pvh"')
  await until(() => seen.introduce > before.introduce)
  for (const end of ends) await end()
  await dom0.sh(`xl destroy ${NAME}`)
})

test('an HVM guest has a disk, a nic, a serial terminal and a device model in dom0', async () => {
  await dom0.sh('truncate -s 1M /tmp/xenstore-lab.img')
  const disk = 'disk=["format=raw,vdev=xvda,access=rw,target=/tmp/xenstore-lab.img"]'
  const guest = await createPaused('type="hvm"', 'serial="pty"', 'vif=["type=vif,bridge=xenbr0"]', disk)
  expect(await client.readText(paths.libxlType(guest))).toBe('hvm')
  expect(await client.readText(paths.serialTty(guest, 0))).toMatch(/^\/dev\/pts\/\d+$/)
  expect(await client.readText(paths.deviceModelState(guest))).toBe('running')
  const found = await readDevices(client, guest)
  expect(found).toContainEqual(
    expect.objectContaining({
      kind: 'vbd',
      vdev: 'xvda',
      params: '/tmp/xenstore-lab.img',
      backendType: 'phy',
      access: 'read-write',
      cdrom: false,
    }),
  )

  // The process is dom0's, so its command line is read there and shown to the check as a procfs of one process.
  const pid = Number(await read(paths.deviceModelPid(guest)))
  await dom0.sh(`mkdir -p /tmp/proc-copy/${pid} && cat /proc/${pid}/cmdline > /tmp/proc-copy/${pid}/cmdline`)
  await dom0.pull('/tmp/proc-copy', dir)
  expect(await deviceModelPidOf(client, guest, join(dir, 'proc-copy'))).toBe(pid)
  expect(await deviceModelPidOf(client, guest)).toBeNull()
  await dom0.sh(`xl destroy ${NAME}; rm -rf /tmp/xenstore-lab.img /tmp/proc-copy`)
  expect(await readDevices(client, guest)).toEqual([])
})
