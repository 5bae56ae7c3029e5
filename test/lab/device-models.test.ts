import { afterAll, beforeAll, expect, test } from 'vitest'
import { MATERIAL } from '../../lab/demo-guests.ts'
import { dom0 } from '../../lab/dom0.ts'
import type { Event } from '../../src/api/event.ts'
import { type LabDaemon, labDaemon } from './lab-daemon.ts'

let daemon: LabDaemon
beforeAll(async () => {
  daemon = await labDaemon()
  await daemon.clear()
})
afterAll(() => daemon.clear())

const emulated = (name: string, more = ''): string => `
name = "${name}"
type = "hvm"
memory = 192
disk = ["/srv/guests/${name}.img,raw,hda,rw", ",raw,hdc,cdrom"]
${more}`

async function start(name: string, more?: string): Promise<void> {
  await dom0.sh(`mkdir -p /srv/guests; cp --sparse=always ${MATERIAL}/bios-hvm.img /srv/guests/${name}.img`)
  await daemon.create(emulated(name, more))
}
const qemu = async (name: string): Promise<{ pid: number; domid: number | null }> => {
  const { deviceModel, domid } = await daemon.guest(name)
  return { pid: deviceModel?.pid ?? 0, domid }
}
const failure = (name: string, health: string) => (event: Event) =>
  event.kind === 'guest.device-model' && event.guest === name && event.deviceModel?.health === health

test('QEMU says what it does and what lies in the CD drive', async () => {
  await start('looked-at')
  await dom0.waitFor(
    'QEMU to be asked',
    async () => (await daemon.guest('looked-at')).deviceModel?.status === 'running',
  )
  expect((await daemon.guest('looked-at')).deviceModel).toMatchObject({
    health: 'well',
    trouble: null,
    cdroms: [{ medium: null }],
  })
  expect(await dom0.sh('tetrarch info looked-at')).toMatch(/cd drive .*empty/)
})

test('a QEMU that is stopped hangs, is told, and is well again when it goes on', async () => {
  const { pid } = await qemu('looked-at')
  const since = await daemon.newest()
  await dom0.sh(`kill -STOP ${pid}`)
  await daemon.event(failure('looked-at', 'hung'), since)
  expect(await dom0.sh('tetrarch list')).toContain('running, QEMU hung')
  await dom0.sh(`kill -CONT ${pid}`)
  await daemon.event(failure('looked-at', 'well'), since)
  expect((await daemon.guest('looked-at')).deviceModel).toMatchObject({ health: 'well', trouble: null })
})

test('a guest whose QEMU hangs is destroyed with it', async () => {
  const { pid, domid } = await qemu('looked-at')
  await dom0.sh(`kill -STOP ${pid}`)
  await daemon.act('destroy', 'looked-at')
  expect(
    await dom0.sh(`xl list | awk '{print $2}' | grep -x ${domid} || echo none; kill -0 ${pid} 2>&1 || true`),
  ).toMatch(/none\n.*No such process/)
})

test('a QEMU that was killed is told at once, with its last words, and the guest says so', async () => {
  await start('marked')
  const { pid, domid } = await qemu('marked')
  const since = await daemon.newest()
  await dom0.sh(`echo 'the disk went away' >> /proc/${pid}/fd/2; kill -9 ${pid}`)
  const event = await daemon.event(failure('marked', 'dead'), since)
  expect(event).toMatchObject({
    deviceModel: { pid, lastWords: expect.arrayContaining(['the disk went away']) as unknown },
  })
  expect(await daemon.guest('marked')).toMatchObject({ state: 'running', domid, deviceModel: { pid, health: 'dead' } })
  expect(await dom0.sh('tetrarch info marked')).toMatch(/DEAD: its process has ended[^]*the disk went away/)
  await daemon.act('destroy', 'marked')
})

test('a guest that wants it is started again when its QEMU dies', async () => {
  await start('reborn', 'on_device_model_failure = "restart"')
  const { pid, domid } = await qemu('reborn')
  const since = await daemon.newest()
  await dom0.sh(`kill -9 ${pid}`)
  await daemon.event(
    (event) =>
      event.kind === 'task' && event.guest === 'reborn' && event.operation === 'restart' && event.state === 'succeeded',
    since,
  )
  const again = await qemu('reborn')
  expect(again.pid).not.toBe(pid)
  expect(again.domid).not.toBe(domid)
  expect(await dom0.sh(`tr '\\0' ' ' < /proc/${again.pid}/cmdline`)).toContain(`-xen-domid ${again.domid}`)
  await daemon.act('destroy', 'reborn')
})
