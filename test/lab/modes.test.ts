/** What tetrarch says of modes, against Xen's own words: the host's facts, verdicts, the shim, device models, and an HVM guest whose drivers come up. */
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { MATERIAL } from '../../lab/demo-guests.ts'
import { dom0 } from '../../lab/dom0.ts'
import { type LabDaemon, labDaemon, remains } from './lab-daemon.ts'
import { hardwareVirtualized, small } from './small-guests.ts'

let daemon: LabDaemon
beforeAll(async () => {
  daemon = await labDaemon()
  await daemon.clear()
  await dom0.sh('mkdir -p /srv/guests; truncate -s 16M /srv/guests/modes.img')
})
afterEach(async () => {
  await daemon.clear()
})

const explain = (text: string) =>
  daemon.api.call('explainDefinition', { body: { definition: { file: '/root/test.cfg', text } } })
const verdictOf = async (mode: string, text: string) =>
  (await explain(text)).verdicts.find((verdict) => verdict.mode === mode)

test("the host's capabilities are those that xl names", async () => {
  const { capabilities } = await daemon.api.call('host', {})
  const xl = await dom0.sh("xl info | grep -E '^(virt_caps|xen_caps)'")
  const caps = /virt_caps *: *(.*)/.exec(xl)?.[1]?.split(' ') ?? []
  for (const capability of ['pv', 'hvm', 'hap', 'shadow'] as const)
    expect(capabilities.includes(capability)).toBe(caps.includes(capability))
  expect(capabilities.includes('iommu')).toBe(caps.includes('hvm_directio') || caps.includes('pv_directio'))
  expect(capabilities.includes('pv32')).toBe(/xen-\d\.\d-x86_32p /.test(xl))
  expect(capabilities.includes('shim')).toBe(true)
})

describe('a verdict', () => {
  test('for every mode of a guest with a modern kernel, whose version it names', async () => {
    const { choice, verdicts, start } = await explain(small('said', 'pvh').replace('type = "pvh"', 'mode = "auto"'))
    expect(choice).toMatchObject({ mode: 'pvh', possible: true })
    expect(verdicts.find(({ mode }) => mode === 'pvh')).toMatchObject({ verdict: 'fits' })
    expect(verdicts.find(({ mode }) => mode === 'pv')).toMatchObject({ verdict: 'fits' })
    expect(start.booted.kernelVersion).toContain((await dom0.sh('uname -r')).trim())
    expect(start.deviceModel.needed).toBe(false)
  })

  test('that pvgrub for PV is no PVH kernel is the reason of the refusal of a start, and nothing is built', async () => {
    const text = `name = "said"\ntype = "pvh"\nmemory = 32\nkernel = "${MATERIAL}/pvgrub-pv.bin"\n`
    expect(await verdictOf('pvh', text)).toMatchObject({ verdict: 'cannot' })
    expect(await verdictOf('pv', text)).toMatchObject({ verdict: 'fits' })
    const task = await daemon.tryToCreate(text)
    expect(task).toMatchObject({ state: 'failed', problem: { code: 'mode-refused', stage: 'choose the mode' } })
    expect(task.problem?.why).toContain('PHYS32_ENTRY')
    expect(await remains()).toBe('')
  })

  test('that a PCI device needs an IOMMU which this host lacks', async () => {
    const text = `${small('said', 'pv').replace('type = "pv"', 'mode = "pvhvm"')}\npci = ["00:05.0"]\n`
    const [first] = (await verdictOf('pvhvm', text))?.reasons ?? []
    expect(first).toMatchObject({ weight: 'cannot', about: 'host', why: expect.stringContaining('IOMMU') as string })
    expect(await daemon.tryToCreate(text)).toMatchObject({
      problem: { code: 'host-lacks', stage: 'check the definition' },
    })
  })
})

test('a guest whose mode is left open starts as what the explanation said', async () => {
  const text = `name = "open"\nmode = "auto"\nmemory = 32\nkernel = "${MATERIAL}/pvgrub-pv.bin"\n`
  expect((await explain(text)).choice.mode).toBe('pv')
  await daemon.create(text)
  const { domid, mode } = await daemon.guest('open')
  expect(mode).toMatchObject({ configured: 'auto', chosen: 'pv', observed: 'pv', differs: false })
  expect(await dom0.sh(`xenstore-read /libxl/${domid}/type`)).toBe('pv')
})

test('a domain built with the shim is seen as that, whoever made it', async () => {
  const text = `name = "shimmed"\ntype = "pvh"\npvshim = 1\nmemory = 64\nkernel = "${MATERIAL}/pvgrub-pv.bin"\n`
  const definition = { file: '/root/test.cfg', text }
  const built = await daemon.api.call('create', { query: { wait: 280_000 }, body: { definition, paused: true } })
  expect(built).toMatchObject({ state: 'succeeded', problem: null })
  const { domid, mode } = await daemon.guest('shimmed')
  expect(mode).toMatchObject({ chosen: 'pv-in-pvh', observed: 'pv-in-pvh' })
  expect(await dom0.sh(`xenstore-read /libxl/${domid}/type`)).toBe('pvh')
  expect(await dom0.sh(`xl list -l ${domid} | grep -c '"pvshim": "True"'`)).toBe('1')
  await daemon.act('destroy', 'shimmed')
  await dom0.sh('cat > /root/theirs.cfg; xl create -p /root/theirs.cfg', { stdin: text })
  const theirs = await dom0.waitFor('xl’s domain to be seen', async () =>
    (await daemon.list()).find(({ mode }) => mode.observed?.includes('-in-') === true),
  )
  expect(theirs).toMatchObject({ managed: false, mode: { observed: 'pv-in-pvh' } })
})

test('a PV kernel boots in the shim, and its own system says PV', hardwareVirtualized, async () => {
  await daemon.clear()
  // Xen in the shim takes the unpacked kernel and ramdisk, and copies of both, from the guest's memory.
  await daemon.create(`${small('inner', 'pvh').replace('memory = 128', 'memory = 640')}\npvshim = 1\n`)
  expect(await daemon.marker('inner', { type: 'PV' })).toContain('interface=xen')
  expect((await daemon.guest('inner')).mode).toMatchObject({ chosen: 'pv-in-pvh', observed: 'pv-in-pvh' })
})

test(
  'a choice that turns out otherwise at the next start is an event, with what decided',
  hardwareVirtualized,
  async () => {
    await daemon.clear()
    const text = 'name = "open"\nmode = "auto"\nmemory = 32\nkernel = "/srv/guests/kernel"\n'
    const upgraded = (to: string) => dom0.sh(`cp ${MATERIAL}/pvgrub-${to}.bin /srv/guests/kernel`)
    const start = async () => {
      expect(await daemon.api.call('create', { query: { wait: 280_000 }, body: { name: 'open' } })).toMatchObject({
        state: 'succeeded',
      })
      const { domid, mode } = await daemon.guest('open')
      return { chosen: mode.chosen, type: await dom0.sh(`xenstore-read /libxl/${domid}/type`) }
    }
    await upgraded('pv')
    await daemon.api.call('define', { params: { guest: 'open' }, body: { text } })
    try {
      expect(await start()).toEqual({ chosen: 'pv', type: 'pv' })
      await daemon.act('destroy', 'open')
      const since = await daemon.newest()
      await upgraded('pvh')
      expect(await start()).toEqual({ chosen: 'pvh', type: 'pvh' })
      const event = await daemon.event(({ kind }) => kind === 'guest.choice', since)
      expect(event).toMatchObject({ guest: 'open', from: 'pv', to: 'pvh' })
      expect(event.kind === 'guest.choice' && event.evidence.at(-1)).toContain('PHYS32_ENTRY')
    } finally {
      await daemon.clear()
      await daemon.api.call('undefine', { params: { guest: 'open' } })
    }
  },
)

describe('a QEMU that a device brings into a PVH guest', () => {
  const text = (policy: string) =>
    `${small('dragged', 'pvh')}\ndisk = ["format=raw,vdev=xvda,access=rw,backendtype=qdisk,target=/srv/guests/modes.img"]\ndevice_model_policy = "${policy}"\n`

  test('is refused where the definition says so, before anything is built', async () => {
    const task = await daemon.tryToCreate(text('refuse'))
    expect(task).toMatchObject({ state: 'failed', problem: { code: 'mode-refused', stage: 'choose the mode' } })
    expect(await remains()).toBe('')
  })

  test('is there where it is allowed, marked as avoidable, and its cost is what Linux says', async () => {
    await daemon.create(text('warn'))
    const { domid, deviceModel } = await daemon.guest('dragged')
    expect(deviceModel).toMatchObject({ avoidable: true, reason: expect.stringContaining('xvda (qdisk)') as string })
    expect(await dom0.sh(`ps -o args= -p ${deviceModel?.pid}`)).toContain(`-xen-domid ${domid} `)
    const { running } = await daemon.api.call('explain', { params: { guest: 'dragged' } })
    const pssKiB = Number(await dom0.sh(`awk '$1 == "Pss:" { print $2 }' /proc/${deviceModel?.pid}/smaps_rollup`))
    expect(Math.abs((running?.deviceModel?.memoryMiB ?? 0) - pssKiB / 1024)).toBeLessThan(4)
  })
})

describe('an HVM guest whose kernel has PV drivers', () => {
  const text = `${small('turning', 'pvh').replace('type = "pvh"', 'type = "hvm"\nvga = "none"').replace('memory = 128', 'memory = 256').replace('vmlinux', 'vmlinuz')}
disk = ["/srv/guests/modes.img,raw,xvda,rw"]
vif = ["bridge=xenbr0"]`
  /** What QEMU itself has: the disk image and the network card of the emulated PC. */
  const inQemu = async (domid: number | null) => {
    const said = await dom0.sh(
      `xl qemu-monitor-command ${domid} 'info block'; xl qemu-monitor-command ${domid} 'info pci'`,
    )
    return { disk: /^ide\S* .*\/dev\/loop/m.test(said), nic: said.includes('Ethernet controller') }
  }
  const emulations = async () => (await daemon.guest('turning')).devices.map(({ kind, emulation }) => [kind, emulation])

  test('becomes PVHVM within a second of its backend, and its emulated devices go', hardwareVirtualized, async () => {
    await daemon.clear()
    const since = await daemon.newest()
    const definition = { file: '/root/test.cfg', text }
    const built = await daemon.api.call('create', { query: { wait: 280_000 }, body: { definition, paused: true } })
    expect(built).toMatchObject({ state: 'succeeded', problem: null })
    const { domid, mode } = await daemon.guest('turning')
    expect(mode).toMatchObject({ chosen: 'pvhvm', observed: 'hvm', differs: true })
    expect(await inQemu(domid)).toEqual({ disk: true, nic: true })
    expect(await emulations()).toEqual(expect.arrayContaining([...both('present')]))

    const state = `/local/domain/0/backend/vbd/${domid}/51712/state`
    // A loop that reads again and again would take the processor from those it measures.
    const connected = dom0.sh(
      `exec 3< <(exec xenstore-watch ${state}); watch=$!
      while read -r -u 3; do [ "$(xenstore-read ${state})" = 4 ] && break; done
      date +%s.%N; kill $watch`,
      { timeoutMs: 280_000 },
    )
    await daemon.act('unpause', 'turning')
    const turned = await daemon.event((event) => event.kind === 'guest.mode' && event.to === 'pvhvm', since)
    expect(turned).toMatchObject({ guest: 'turning', from: 'hvm' })
    expect(Date.parse(turned.time) / 1000).toBeLessThan(Number(await connected) + 1)
    expect((await daemon.guest('turning')).mode).toMatchObject({ observed: 'pvhvm', lastSeen: { mode: 'pvhvm' } })
    expect(await daemon.api.call('guests', { query: { query: 'virtualizationMode:/^pvhvm$/' } })).toHaveLength(1)

    await daemon.marker('turning', { type: 'HVM' })
    expect(await inQemu(domid)).toEqual({ disk: false, nic: false })
    expect(await emulations()).toEqual(expect.arrayContaining([...both('unplugged')]))
    expect(await dom0.sh('tetrarch info turning')).toMatch(/PV, unplugged/)

    await drivers('unbind')
    const back = await daemon.event((event) => event.kind === 'guest.mode' && event.to === 'hvm', turned.seq)
    expect(back).toMatchObject({ guest: 'turning', from: 'pvhvm' })
    expect((await daemon.guest('turning')).mode).toMatchObject({ chosen: 'pvhvm', observed: 'hvm', differs: true })
    await drivers('bind')
    await daemon.event((event) => event.kind === 'guest.mode' && event.to === 'pvhvm', back.seq)
  })

  /** Takes Linux's PV drivers from their devices, or gives them back. */
  const drivers = (verb: 'bind' | 'unbind') =>
    daemon.type('turning', `cd /sys/bus/xen/drivers; echo vbd-51712 >vbd/${verb}; echo vif-0 >vif/${verb}`)

  const both = (emulation: string) => [
    ['disk', emulation],
    ['nic', emulation],
  ]
})
