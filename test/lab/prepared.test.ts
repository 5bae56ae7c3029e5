/** Domains that are built ahead of their guests, by what xl and xenstore say of them. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dom0 } from '../../lab/dom0.ts'
import { type LabDaemon, killed, labDaemon, remains } from './lab-daemon.ts'
import { small } from './small-guests.ts'

/** A create may take minutes where several labs share a machine, milliseconds. */
const LONG = { timeoutMs: 240_000 }
const TEMPLATE = 'prep'
const DISK = '/var/lib/tetrarch-lab/prep7.img'

let daemon: LabDaemon
const define = (prepare: number) =>
  daemon.api.call('define', {
    params: { guest: TEMPLATE },
    body: { text: `${small(TEMPLATE, 'pv')}prepare = ${prepare}\n`, errors: 'accept' },
  })
/** Domid and state of those that wait, as `xl list` has them. */
const waiting = async () =>
  (await dom0.sh(`xl list | awk '$1 ~ /^${TEMPLATE}[+]/ { print $2, $5 }'`)).trim().split('\n').filter(Boolean)
const isReady = async () => {
  const { prepared } = await daemon.api.call('host', {})
  return prepared.some(({ template, ready, wanted }) => template === TEMPLATE && ready === 1 && wanted === 1)
}

beforeAll(async () => {
  daemon = await labDaemon()
  await daemon.clear()
  await dom0.sh(`truncate -s 1M ${DISK}`)
  await define(1)
  await dom0.waitFor('a domain built ahead', isReady, LONG)
})
afterAll(async () => {
  await daemon.api.call('undefine', { params: { guest: TEMPLATE } }).catch(() => undefined)
  await daemon.clear()
  await dom0.sh(`rm -f ${DISK}`)
})

test('one waits paused, is no guest, and outlives its daemon', async () => {
  const before = await waiting()
  expect(before).toEqual([expect.stringMatching(/^\d+ --p---$/)])
  expect((await daemon.list()).map(({ name, domid }) => ({ name, domid }))).toEqual([{ name: TEMPLATE, domid: null }])
  await daemon.replace(killed)
  await dom0.waitFor('the daemon to have it again', isReady, LONG)
  expect(await waiting()).toEqual(before)
})

test('a guest gets it with its own name, disk and nic, and boots; another one is built', async () => {
  const [domid] = ((await waiting())[0] ?? '').split(' ')
  const settings = `'disk=["${DISK},raw,xvda,rw"]' 'vif=["bridge=xenbr0"]'`
  await dom0.sh(`tetrarch create --from ${TEMPLATE} prep7 -- ${settings}`, LONG)
  expect((await dom0.sh(`xl domid prep7; xl domname ${domid}`)).trim().split('\n')).toEqual([domid, 'prep7'])
  expect(await daemon.marker('prep7')).toMatch(/type=PV .*disks=xvda nics=eth0 frontends=vbd-51712,vif-0/)
  expect(await dom0.sh(`xenstore-read /local/domain/0/backend/vbd/${domid}/51712/params`)).toContain(DISK)
  await dom0.waitFor('the next one', isReady, LONG)
  expect((await waiting())[0]?.split(' ')[0]).not.toBe(domid)
})

test('what libxl knows of it is what an ordinary guest has', async () => {
  const config = await dom0.sh('xl list -l prep7')
  const [
    {
      config: { c_info, disks, nics },
    },
  ] = JSON.parse(config) as [
    { config: { c_info: { name: string }; disks: { pdev_path: string }[]; nics: { bridge: string }[] } },
  ]
  expect(c_info.name).toBe('prep7')
  expect(disks).toMatchObject([{ pdev_path: DISK, vdev: 'xvda' }])
  expect(nics).toMatchObject([{ bridge: 'xenbr0' }])
})

test('nothing stays of the guest, nor of those that wait once none is wanted', async () => {
  await daemon.act('destroy', 'prep7')
  await daemon.api.call('undefine', { params: { guest: TEMPLATE } })
  await dom0.waitFor('the last one to be taken apart', async () => (await waiting()).length === 0, LONG)
  expect(await remains()).toBe('')
  expect(await dom0.sh('ls /var/lib/tetrarch/prepared')).toBe('')
})
