/** Changes of mode on real Xen: there and back with the disk intact, and refused where it cannot work. */
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { MATERIAL } from '../../lab/demo-guests.ts'
import { dom0 } from '../../lab/dom0.ts'
import type { Task } from '../../src/api/task.ts'
import type { ModeName } from '../../src/words/mode-names.ts'
import { type LabDaemon, labDaemon, remains } from './lab-daemon.ts'
import { hardwareVirtualized } from './small-guests.ts'

const NAME = 'moving'
const IMAGE = '/srv/guests/moving.img'
const GUESTS = '/etc/tetrarch/guests'
const text = (more = `disk = ["${IMAGE},raw,xvda,rw"]\nvif = ["bridge=xenbr0"]`) =>
  `# mine\nname = "${NAME}"\ntype = "pv"\nmemory = 128\n${more}\n`

let daemon: LabDaemon
beforeAll(async () => {
  daemon = await labDaemon()
  await daemon.clear()
})
afterEach(() => clean())
async function clean(): Promise<void> {
  await daemon.clear()
  if ((await daemon.list()).length > 0) await daemon.api.call('undefine', { params: { guest: NAME } })
  await dom0.sh(`rm -f ${GUESTS}/${NAME}.cfg.*`)
}

async function begin(definition = text()): Promise<void> {
  await dom0.sh(`mkdir -p /srv/guests; cp --sparse=always ${MATERIAL}/ext4-gpt.img ${IMAGE}`)
  await daemon.api.call('define', { params: { guest: NAME }, body: { text: definition } })
}
const run = async () =>
  expect(await daemon.api.call('create', { query: { wait: 280_000 }, body: { name: NAME } })).toMatchObject({
    state: 'succeeded',
  })
const isUp = (type: string) => daemon.marker(NAME, { type })
const convert = (to: ModeName, ready: string): Promise<Task> =>
  daemon.api.call('convert', {
    params: { guest: NAME },
    query: { wait: 290_000 },
    body: { to, ready, timeoutMs: 240_000 },
  })
const definition = () => dom0.sh(`cat ${GUESTS}/${NAME}.cfg`)
describe('a Debian disk', () => {
  /** The first partition is empty, and is written to raw: the initramfs has no file system of disks. */
  const write = (note: string, at: number) =>
    daemon.inGuest(NAME, `echo ${note} | dd of=/dev/xvda1 bs=512 seek=${at} conv=sync 2>/dev/null; sync`)
  const notes = () => daemon.inGuest(NAME, 'dd if=/dev/xvda1 bs=512 count=3 2>/dev/null | strings')
  const root = () => dom0.sh(`dd if=${IMAGE} bs=1M skip=2 count=61 status=none | sha256sum`)

  test('goes from PV to PVH and back, and what the guest wrote is there each time', async () => {
    await begin()
    const before = await root()
    await run()
    await isUp('PV')
    await write('written-as-PV', 0)

    expect(await convert('pvh', 'TETRARCH-GUEST type=PVH')).toMatchObject({ state: 'succeeded', problem: null })
    expect((await daemon.guest(NAME)).mode).toMatchObject({ configured: 'pvh', observed: 'pvh', differs: false })
    expect(await definition()).toBe(text().trimEnd().replace('type = "pv"', 'type = "pvh"'))
    expect(await notes()).toContain('written-as-PV')
    await write('written-as-PVH', 1)

    expect(await convert('pv', 'TETRARCH-GUEST type=PV ')).toMatchObject({ state: 'succeeded', problem: null })
    expect((await daemon.guest(NAME)).mode).toMatchObject({ configured: 'pv', observed: 'pv', differs: false })
    expect(await definition()).toBe(text().trimEnd())
    expect(await notes()).toMatch(/written-as-PV\r?\n[^]*written-as-PVH/)
    expect(await root()).toBe(before)
    expect(await dom0.sh(`ls ${GUESTS}/${NAME}.cfg.* | wc -l`)).toBe('2')
  })
})

describe('a disk that a BIOS boots as well as our boot loader', () => {
  const whole = `name = "${NAME}"
mode = "hvm"
memory = 256
vga = "none"
hdtype = "ahci"
disk = ["${IMAGE},raw,xvda,rw"]
vif = ["bridge=xenbr0"]
`
  const moves = [
    { was: 'hvm', to: 'pvhvm', said: 'HVM', qemus: 1, libxl: 'hvm' },
    { was: 'pvhvm', to: 'pvh', said: 'PVH', qemus: 0, libxl: 'pvh' },
    { was: 'pv', to: 'pvhvm', said: 'HVM', qemus: 1, libxl: 'hvm' },
  ] as const

  test.each(moves)('goes from $was to $to', hardwareVirtualized, async ({ was, to, said, qemus, libxl }) => {
    await clean()
    await dom0.sh(`mkdir -p /srv/guests; cp --sparse=always ${MATERIAL}/bios-pvhvm.img ${IMAGE}`)
    const text = whole.replace('"hvm"', `"${was}"`)
    await daemon.api.call('define', { params: { guest: NAME }, body: { text } })
    const task = convert(to, 'seen by the test')
    const isUp = async () => (await daemon.guest(NAME)).mode.observed === to
    await dom0.waitFor(`it to be ${to}`, isUp, { timeoutMs: 240_000, everyMs: 1000 })
    await daemon.marker(NAME, { type: said })
    const { domid, mode } = await daemon.guest(NAME)
    expect(mode).toMatchObject({ configured: to, observed: to, differs: false })
    expect(await dom0.sh(`xenstore-read /libxl/${domid}/type`)).toBe(libxl)
    expect(await dom0.sh(`xenstore-read /local/domain/0/backend/vbd/${domid}/51712/state`)).toBe('4')
    expect(await dom0.sh(`ps -eo args | grep -c '[q]emu.*-xen-domid ${domid} ' || true`)).toBe(String(qemus))
    await daemon.type(NAME, '# seen by the test')

    expect(await task).toMatchObject({ state: 'succeeded', problem: null })
    const after = await daemon.guest(NAME)
    expect(after).toMatchObject({ state: 'halted', mode: { configured: to, lastSeen: { mode: to } } })
    expect(await dom0.sh(`cmp ${MATERIAL}/bios-pvhvm.img ${IMAGE} && echo same`)).toBe('same')
  })
})

describe('a guest that does not come up in its new mode', () => {
  const bare = text(
    `kernel = "${MATERIAL}/vmlinux"\nramdisk = "${MATERIAL}/initrd-pv.img"\nextra = "quiet console=hvc0"\ndisk = ["${IMAGE},raw,xvda,rw"]`,
  )
  const convertAs = (ready: string) =>
    daemon.api.call('convert', { params: { guest: NAME }, body: { to: 'pvh', ready, timeoutMs: 240_000 } })
  const comesUpAs = async (ready: string) => {
    const task = await convertAs(ready)
    await daemon.event(
      (event) => event.kind === 'task' && event.task === task.id && event.stage === 'wait until it has come up',
      0,
    )
    await isUp('PVH')
    return task
  }
  const isBack = async () => {
    await isUp('PV')
    expect((await daemon.guest(NAME)).mode).toMatchObject({ configured: 'pv', observed: 'pv' })
    expect(await definition()).toBe(bare.trimEnd())
    expect(await dom0.sh(`ls ${GUESTS}`)).not.toContain(`${NAME}.cfg.`)
  }

  test('gets its old mode back, and the report has its last words', async () => {
    await begin(bare)
    await run()
    await isUp('PV')
    const { id } = await comesUpAs('never said')
    // Debian's kernel takes this from root, and not from Xen (kernel.sysrq).
    await daemon.type(NAME, 'echo c > /proc/sysrq-trigger')
    const task = await daemon.api.call('task', { params: { task: id }, query: { wait: 240_000 } })
    expect(task).toMatchObject({
      state: 'failed',
      problem: { code: 'guest-died', why: expect.stringContaining('ended by crash') as string },
    })
    expect(task.problem?.evidence?.join('\n')).toContain('Kernel panic - not syncing: sysrq triggered crash')
    await isBack()
  })

  test('gets it back from the next daemon, once, when the guest ends while there is none', async () => {
    await begin(bare)
    await run()
    await isUp('PV')
    await comesUpAs('never said')
    const { domid } = await daemon.guest(NAME)
    await daemon.replace(
      () =>
        `systemctl stop tetrarchd.socket tetrarchd-ro.socket tetrarchd; xl shutdown -w ${NAME}; systemctl start tetrarchd.socket tetrarchd-ro.socket tetrarchd`,
    )
    await isBack()
    expect((await daemon.guest(NAME)).domid).toBe((domid ?? 0) + 1)
  })
})

describe('a conversion that cannot work is refused, and the guest is left alone', () => {
  const refused = async (to: ModeName, why: string) => {
    const { state, domid } = await daemon.guest(NAME)
    const task = await convert(to, 'never said')
    expect(task).toMatchObject({ state: 'failed', problem: { code: 'mode-refused' } })
    expect(task.problem?.why).toContain(why)
    expect(task.problem?.fix).toBeTruthy()
    expect(await daemon.guest(NAME)).toMatchObject({ state, domid })
  }

  test('because its kernel is for PV alone', async () => {
    await begin(text(`kernel = "${MATERIAL}/pvgrub-pv.bin"`))
    await run()
    await refused('pvh', 'PHYS32_ENTRY')
    expect(await definition()).toContain('type = "pv"')
  })

  test('because no firmware could boot its disk', async () => {
    await begin()
    await refused('pvhvm', 'a boot loader of its own')
    expect(await definition()).toBe(text().trimEnd())
    expect(await remains()).toBe('')
  })
})
