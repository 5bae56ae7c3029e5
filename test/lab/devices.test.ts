/** Disks and nics that the daemon connects without a script, by what xenstore and dom0's kernel say of them. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { dom0 } from '../../lab/dom0.ts'
import { type LabDaemon, killed, labDaemon, remains, restarted } from './lab-daemon.ts'
import { small, tinyPvgrub } from './small-guests.ts'

/** Not below /tmp, which the service has for itself. */
const FOLDER = '/var/lib/tetrarch-lab/devices'
const OURS = '/usr/lib/tetrarch/connect-device'
const LONG = { timeoutMs: 240_000 }
const CONFIG = '/etc/tetrarch/tetrarchd.toml'

let daemon: LabDaemon
/** A block device of dom0. */
let block: string

const list = (key: string, items: readonly string[]) => `${key} = [${items.map((item) => `'${item}'`).join(', ')}]\n`
const disks = (...items: string[]) => list('disk', items)
const nics = (...items: string[]) => list('vif', items)
/** What is given to the guest of the first test. */
const backends = [
  ['vbd', '51712'],
  ['vbd', '51728'],
  ['vbd', '51744'],
  ['vif', '0'],
] as const
const node = async (kind: 'vbd' | 'vif', domid: number, path: string) =>
  (await dom0.sh(`xenstore-read /local/domain/0/backend/${kind}/${domid}/${path}`)).trim()
const domidOf = async (name: string): Promise<number> => (await daemon.guest(name)).domid ?? 0

beforeAll(async () => {
  daemon = await labDaemon()
  await daemon.clear()
  await dom0.sh(`rm -rf ${FOLDER}; mkdir -p ${FOLDER}; cd ${FOLDER}; truncate -s 1M rw ro dev other`)
  block = (await dom0.sh(`losetup -f --show ${FOLDER}/dev`)).trim()
})
afterEach(async () => {
  await daemon.clear()
})
afterAll(async () => {
  await dom0.sh(`losetup -d ${block}; rm -rf ${FOLDER}`)
})
/** Without the loop device that is a disk of dom0 here. */
const left = async () => (await remains()).split('\n').filter((line) => !line.includes(`${FOLDER}/dev`) && line !== '')

test('files, a block device and a nic reach the guest; blkback and the bridge have them as they were asked for', async () => {
  await daemon.create(
    small('devices', 'pv') +
      disks(`${FOLDER}/rw,raw,xvda,rw`, `${block},raw,xvdb,rw`, `${FOLDER}/ro,raw,xvdc,ro`) +
      nics('bridge=xenbr0,mtu=1400,vifname=dev-lab'),
  )
  const domid = await domidOf('devices')
  for (const [kind, devid] of backends) {
    expect(await node(kind, domid, `${devid}/script`)).toBe(OURS)
    expect(await node(kind, domid, `${devid}/hotplug-status`)).toBe('connected')
  }
  const loops = await dom0.sh(`losetup -l -n -O RO,BACK-FILE | grep ${FOLDER} | sort -k2`)
  expect(
    loops
      .trim()
      .split('\n')
      .map((line) => line.trim().replaceAll(/\s+/g, ' ')),
  ).toEqual([`0 ${FOLDER}/dev`, `1 ${FOLDER}/ro`, `0 ${FOLDER}/rw`])
  const numbers = await dom0.sh(`stat -c %t:%T ${block}`)
  expect(await node('vbd', domid, '51728/physical-device')).toBe(numbers.trim())
  expect((await dom0.sh('cat /sys/class/net/dev-lab/mtu; ls /sys/class/net/xenbr0/brif')).trim()).toMatch(
    /^1400\n(.*\n)*dev-lab/,
  )
  expect(await daemon.marker('devices')).toContain('disks=xvda,xvdb,xvdc nics=eth0')
  await daemon.act('destroy', 'devices')
  expect(await left()).toEqual([])
  expect(await dom0.sh('ls /run/tetrarch/devices')).toBe('pid')
})

test('a disk that a guest writes is given to no other, unless it says so; xl sees the same', async () => {
  await daemon.create(tinyPvgrub('first') + disks(`${FOLDER}/rw,raw,xvda,rw`, `${block},raw,xvdb,rw`))
  await daemon.act('pause', 'first')
  for (const target of [`${FOLDER}/rw`, block]) {
    const { problem } = await daemon.tryToCreate(tinyPvgrub('second') + disks(`${target},raw,xvda,rw`))
    expect(problem).toMatchObject({ code: 'disk-in-use' })
  }
  // Of a file, Xen's script does not see that it is shared: it compares losetup's decimal device numbers with hexadecimal ones.
  const cfg = tinyPvgrub('second') + disks(`${block},raw,xvda,rw`)
  await dom0.sh(`cat > ${FOLDER}/second.cfg <<'END'\n${cfg}\nEND`)
  expect((await dom0.exec(['xl', 'create', '-q', `${FOLDER}/second.cfg`], LONG)).code).not.toBe(0)
  await daemon.create(tinyPvgrub('second') + disks(`${FOLDER}/rw,raw,xvda,w!`))
  expect((await daemon.list()).map(({ name }) => name)).toEqual(['first', 'second'])
  await daemon.clear()
  expect(await left()).toEqual([])
})

test("a guest of xl's is connected by Xen's scripts as ever, and its disk is not given away", async () => {
  const cfg = tinyPvgrub('xls') + disks(`${FOLDER}/other,raw,xvda,rw`) + nics('bridge=xenbr0')
  await dom0.sh(`cat > ${FOLDER}/xls.cfg <<'END'\n${cfg}\nEND\nxl create -q -p ${FOLDER}/xls.cfg`, LONG)
  const domid = Number(await dom0.sh('xl domid xls'))
  expect(await node('vbd', domid, '51712/script')).toBe('/etc/xen/scripts/block')
  const { problem } = await daemon.tryToCreate(tinyPvgrub('ours') + disks(`${FOLDER}/other,raw,xvda,rw`))
  expect(problem).toMatchObject({ code: 'disk-in-use' })
  await dom0.sh('xl destroy xls', LONG)
  await dom0.waitFor('the end of it', async () => (await left()).length === 0, LONG)
})

test('a script that the guest names runs as always', async () => {
  await daemon.create(tinyPvgrub('named') + nics('bridge=xenbr0,script=vif-bridge'))
  const domid = await domidOf('named')
  expect(await node('vif', domid, '0/script')).toBe('/etc/xen/scripts/vif-bridge')
  expect(await dom0.sh('ls /sys/class/net/xenbr0/brif')).toContain(`vif${domid}.0`)
})

test('a device that cannot be connected ends the create with the reason, and nothing stays', async () => {
  await dom0.sh('ip link add dev-lab type dummy')
  try {
    const task = await daemon.tryToCreate(
      tinyPvgrub('broken') + disks(`${FOLDER}/rw,raw,xvda,rw`) + nics('bridge=xenbr0,vifname=dev-lab'),
    )
    expect(task).toMatchObject({ state: 'failed', problem: { what: 'dom0 has an interface dev-lab already' } })
    expect(await left()).toEqual([])
  } finally {
    await dom0.sh('ip link del dev-lab')
  }
})

test('a daemon that is killed while a guest runs knows its devices, and takes them away at its end', async () => {
  await daemon.create(tinyPvgrub('kept') + disks(`${FOLDER}/rw,raw,xvda,rw`) + nics('bridge=xenbr0'))
  await daemon.act('pause', 'kept')
  await daemon.replace(killed)
  const again = await daemon.tryToCreate(tinyPvgrub('again') + disks(`${FOLDER}/rw,raw,xvda,rw`))
  expect(again.problem).toMatchObject({ code: 'disk-in-use' })
  await daemon.act('destroy', 'kept')
  expect(await left()).toEqual([])
})

test("the switch in the configuration gives the devices back to Xen's scripts", async () => {
  await dom0.sh(`cp ${CONFIG} ${CONFIG}.kept; printf '[devices]\\nconnected_by = "xen-scripts"\\n' > ${CONFIG}`)
  try {
    await daemon.replace(restarted)
    await daemon.create(tinyPvgrub('scripts') + disks(`${FOLDER}/rw,raw,xvda,rw`) + nics('bridge=xenbr0'))
    const domid = await domidOf('scripts')
    expect(await node('vbd', domid, '51712/script')).toBe('/etc/xen/scripts/block')
    expect(await node('vif', domid, '0/script')).toBe('/etc/xen/scripts/vif-bridge')
    await daemon.act('destroy', 'scripts')
    expect(await left()).toEqual([])
  } finally {
    await dom0.sh(`mv ${CONFIG}.kept ${CONFIG}`)
    await daemon.replace(restarted)
  }
})
