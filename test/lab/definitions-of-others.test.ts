/** What a definition means beside others: domains that xl runs, the settings of xl.conf, and people who may only look. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { dom0 } from '../../lab/dom0.ts'
import { type LabDaemon, labDaemon } from './lab-daemon.ts'
import { tinyPvgrub } from './small-guests.ts'

const FOLDER = '/root/definitions-of-others'
const LOOKER = 'looker'
const XL_CONF = '/etc/xen/xl.conf'

let daemon: LabDaemon
beforeAll(async () => {
  daemon = await labDaemon()
  await daemon.clear()
  await dom0.sh(`rm -rf ${FOLDER}; mkdir ${FOLDER}; truncate -s 1M ${FOLDER}/disk.img; cp ${XL_CONF} ${FOLDER}/xl.conf`)
  await dom0.sh(`id ${LOOKER} 2> /dev/null || useradd --no-create-home --groups tetrarch-ro ${LOOKER}`)
})
afterEach(async () => {
  await daemon.clear()
  await dom0.sh(`rm -f /etc/tetrarch/guests/*.cfg; xl list other > /dev/null 2>&1 && xl destroy other; true`)
})
afterAll(async () => {
  await dom0.sh(`cp ${FOLDER}/xl.conf ${XL_CONF}; rm -rf ${FOLDER}`)
})

const file = (name: string) => `${FOLDER}/${name}.cfg`
const write = (name: string, text: string) => dom0.exec(['tee', file(name)], { stdin: text })
const lint = async (name: string) => (await dom0.exec(['tetrarch', 'lint', file(name)])).stdout

describe('what a domain of xl has is not given to a second one', () => {
  test.each([
    ['disk', `disk = [ "${FOLDER}/disk.img,raw,xvda,w" ]`, /other has .*disk\.img/],
    ['MAC address', 'vif = [ "mac=00:16:3e:66:66:66,bridge=xenbr0" ]', /other has .*00:16:3e:66:66:66/],
    ['uuid', 'uuid = "66666666-6666-4666-8666-666666666666"', /other has this uuid/],
  ])('its %s', async (_, more, said) => {
    await write('other', `${tinyPvgrub('other')}${more}\n`)
    await write('mine', `${tinyPvgrub('mine')}${more}\n`)
    expect(await lint('mine')).not.toMatch(said)
    await dom0.sh(`xl create -p ${file('other')}`)
    await daemon.guest('other')
    expect(await lint('mine')).toMatch(said)
  })
})

test('a nic without a bridge is put where xl.conf says, as xl does', async () => {
  const bridge = 'tetrarch-xlconf'
  await dom0.sh(
    `ip link add ${bridge} type bridge; ip link set ${bridge} up; echo 'vif.default.bridge="${bridge}"' >> ${XL_CONF}`,
  )
  try {
    await daemon.create(`${tinyPvgrub('plugged')}vif = [ "mac=00:16:3e:66:66:67" ]\n`)
    const { domid } = await daemon.guest('plugged')
    expect(await dom0.sh(`readlink /sys/class/net/vif${domid}.0/master`)).toMatch(new RegExp(`/${bridge}$`))
    await write('other', `${tinyPvgrub('other')}vif = [ "mac=00:16:3e:66:66:68" ]\n`)
    await dom0.sh(`xl create -p ${file('other')}`)
    expect(await dom0.sh('readlink /sys/class/net/vif$(xl domid other).0/master')).toMatch(new RegExp(`/${bridge}$`))
  } finally {
    await daemon.clear()
    await dom0.sh(`cp ${FOLDER}/xl.conf ${XL_CONF}; ip link del ${bridge}`)
  }
})

test('one who may look reads the definition without its passwords', async () => {
  const text = `${tinyPvgrub('screened', 'pvh')}vfb = [ "vnc=1,vncpasswd=s3cret" ]\n`
  await daemon.api.call('define', { params: { guest: 'screened' }, body: { text, expect: null } })
  const dump = 'tetrarch dump screened --cfg'
  expect(await dom0.sh(dump)).toContain('s3cret')
  const seen = await dom0.sh(`runuser -u ${LOOKER} -- ${dump}`)
  expect(seen).toContain('vnc=1')
  expect(seen).not.toContain('s3cret')
})
