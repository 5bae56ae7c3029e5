/** Definitions that are kept: from define to undefine, the checks of a real dom0, and what libxl is really given. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { dom0 } from '../../lab/dom0.ts'
import type { JsonObject, JsonValue } from '../../src/libxl/requests.ts'
import { type LabDaemon, labDaemon } from './lab-daemon.ts'
import { small, tinyPvgrub } from './small-guests.ts'

const FOLDER = '/root/definitions-test'

let daemon: LabDaemon
beforeAll(async () => {
  daemon = await labDaemon()
  await daemon.clear()
  await dom0.sh(
    `rm -rf ${FOLDER}; mkdir ${FOLDER}; cd ${FOLDER}; truncate -s 1M plain.img; printf 'QFI\\373\\0\\0\\0\\3' > image.img; truncate -s 1M image.img`,
  )
})
afterEach(async () => {
  await daemon.clear()
  await dom0.sh('rm -f /etc/tetrarch/guests/*.cfg')
})
afterAll(async () => {
  await dom0.sh(`rm -rf ${FOLDER}`)
})

const define = (name: string, text: string) =>
  daemon.api.call('define', { params: { guest: name }, body: { text, expect: null } })
const start = (name: string, paused: boolean) =>
  daemon.api.call('create', { query: { wait: 280_000 }, body: { name, paused } })
const codeIn = (error: unknown) => (error instanceof Error && 'code' in error ? error.code : String(error))
const codeOf = (failing: Promise<unknown>) => failing.then(() => 'no error', codeIn)

test('a change of the file is shown for a running guest, and is there after its reboot; undefine lets it run', async () => {
  const text = `# my guest\n${small('changing', 'pv')}`
  await define('changing', text)
  expect(await dom0.sh('cat /etc/tetrarch/guests/changing.cfg; echo .')).toBe(`${text}.`)
  expect(await start('changing', false)).toMatchObject({ state: 'succeeded' })
  await daemon.marker('changing')
  await dom0.sh("sed -i 's/^memory = 128/memory = 160/' /etc/tetrarch/guests/changing.cfg")
  await dom0.waitFor('the change to be shown', async () => (await daemon.guest('changing')).changes.length > 0)
  expect(await dom0.sh('tetrarch info changing')).toMatch(/next start +memory: 128 → 160/)
  expect(await dom0.sh('tetrarch list')).toMatch(/^changing \+/m)
  expect(await daemon.act('reboot', 'changing')).toMatchObject({ state: 'succeeded' })
  const { domid, changes } = await daemon.guest('changing')
  expect(changes).toEqual([])
  expect(await dom0.sh(`xl list ${domid} | awk 'END { print $3 }'`)).toMatch(/^1(59|60)$/)
  const { consequence } = await daemon.api.call('undefine', { params: { guest: 'changing' } })
  expect(consequence).toBe(
    `"changing" runs on as domain ${domid}; when it ends it is forgotten, and nothing starts it again`,
  )
  expect(await dom0.sh('ls /etc/tetrarch/guests')).not.toContain('changing.cfg')
  expect(await dom0.sh(`xl domname ${domid}`)).toBe('changing')
})

test('a file that a hand has broken keeps its guest known, and is not started', async () => {
  await define('broken', tinyPvgrub('broken'))
  await dom0.sh('echo "memory = lots" >> /etc/tetrarch/guests/broken.cfg')
  await dom0.waitFor('the mistake to be seen', async () => (await daemon.guest('broken')).problem !== null)
  const { code, stdout, stderr } = await dom0.exec(['tetrarch', 'create', 'broken'])
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
  expect(stderr).toContain('"lots" is a word without quotes')
  expect(await dom0.sh('tetrarch lint; true')).toMatch(/memory = lots\n +\^ write "lots"/)
})

describe('the checks of this host', () => {
  const guest = (more: string) => `${tinyPvgrub('checked', 'pvh')}${more}\n`
  test.each([
    ['a disk that is not there', `disk = [ "${FOLDER}/none.img,raw,xvda,w" ]`, 'file-missing'],
    ['a qcow2 that is given as raw', `disk = [ "${FOLDER}/image.img,raw,xvda,w" ]`, 'config-invalid'],
    ['a raw image that is given as qcow2', `disk = [ "${FOLDER}/plain.img,qcow2,xvda,w" ]`, 'config-invalid'],
    ['a bridge that is not there', 'vif = [ "bridge=nobridge" ]', 'host-lacks'],
    ['an interface that is no bridge', 'vif = [ "bridge=lo" ]', 'host-lacks'],
    ['more memory than the host has', 'memory = 9999999', 'no-memory'],
    [
      'a NUMA node that is not there',
      'vcpus = 1\nmaxvcpus = 1\nvnuma = [ [ "pnode=7", "size=32", "vcpus=0" ] ]',
      'host-lacks',
    ],
    ['a PCI device for PVH', 'pci = [ "00:03.0" ]', 'mode-refused'],
  ])('%s is refused', async (_, more, code) => {
    expect(await codeOf(define('checked', guest(more)))).toBe(code)
    expect(await dom0.sh('ls /etc/tetrarch/guests')).not.toContain('checked.cfg')
  })

  test.each([
    ['disk', `disk = [ "${FOLDER}/plain.img,raw,xvda,w" ]`, 'disk-in-use'],
    ['MAC address', 'vif = [ "mac=00:16:3e:77:77:77,bridge=xenbr0" ]', 'already-exists'],
    ['uuid', 'uuid = "77777777-7777-4777-8777-777777777777"', 'already-exists'],
  ])('a second guest with the same %s is refused, at define and at create', async (_, more, code) => {
    await define('first', tinyPvgrub('first') + more)
    expect(await codeOf(define('checked', guest(more)))).toBe(code)
    await start('first', true)
    const definition = { file: '/root/checked.cfg', text: guest(more) }
    const create = daemon.api.call('create', { query: { wait: 280_000 }, body: { definition } })
    expect(await create.then((task) => task.problem?.code, codeIn)).toBe(code)
    expect(await dom0.sh('xl list | tail -n +3 | wc -l')).toBe('1')
  })

  test('the command shows them with the line, and says it by its exit status', async () => {
    await dom0.exec(['tee', `${FOLDER}/checked.cfg`], { stdin: guest('vif = [ "bridge=nobridge" ]') })
    const { code, stdout } = await dom0.exec(['tetrarch', 'lint', `${FOLDER}/checked.cfg`])
    expect(code).toBe(3)
    expect(stdout).toMatch(/checked\.cfg:\d+:9: error: there is no bridge nobridge on this host\n {2}vif = .*\n {10}\^/)
  })
})

/** Everything that a document says, one entry a leaf. */
function leaves(value: JsonValue, path = ''): readonly (readonly [path: string, value: JsonValue])[] {
  if (typeof value !== 'object' || value === null) return [[path, value]]
  return Object.entries(value).flatMap(([key, inner]: [string, JsonValue]) => leaves(inner, `${path}/${key}`))
}

describe('what dump says that libxl would be given', () => {
  const devices = `vcpus = 2\ncpus = "nodes:0"\ndisk = [ "${FOLDER}/plain.img,raw,xvda,w" ]\nvif = [ "mac=00:16:3e:77:77:78,bridge=xenbr0" ]\n`
  test.each([
    ['pvh', tinyPvgrub('planned', 'pvh') + devices],
    [
      'pvhvm',
      `name = "planned"\ntype = "hvm"\nmemory = 96\nms_vm_genid = "generate"\nvnc = 1\nvif = [ "type=vif,bridge=xenbr0,mac=00:16:3e:77:77:78" ]\n`,
    ],
  ])('a %s guest was given, by the words of libxl itself', async (mode, text) => {
    await define('planned', text)
    const { stdout, stderr } = await dom0.exec(['tetrarch', 'dump', 'planned', '--libxl-json'])
    expect(stderr).toContain(`mode ${mode}`)
    const planned = JSON.parse(stdout) as JsonObject
    expect(await dom0.sh('xl list | tail -n +3')).toBe('')
    expect(await start('planned', true)).toMatchObject({ state: 'succeeded' })
    const { domid } = await daemon.guest('planned')
    const given = JSON.parse(
      await dom0.sh(`cat /var/lib/xen/userdata-d.${domid}.*.libxl-json | tr -d '\\0'`),
    ) as JsonObject
    const have = new Map(leaves(given))
    const differ = leaves(planned).filter(
      ([path, value]) => have.get(path) !== value && !isOfEachStart(path) && !isDefault(path, value),
    )
    expect(differ).toEqual([])
    if (mode === 'pvhvm') {
      expect(await dom0.sh(`xenstore-read /local/domain/${domid}/platform/generation-id`)).toMatch(/^\d+:\d+$/)
      return
    }
    const affinity = await dom0.sh(`xl vcpu-list ${domid} | awk 'NR > 1 { print $7 }'`)
    expect(affinity).toMatch(/^(all|0-1)\n(all|0-1)$/)
    await dom0.exec(['tee', `${FOLDER}/planned.cfg`], { stdin: text })
    const xl = new Map(leaves(JSON.parse(await dom0.sh(`xl -N create ${FOLDER}/planned.cfg`)) as JsonObject))
    const unlike = leaves(planned).filter(
      ([path, value]) =>
        path !== '/c_info/uuid' && xl.get(path) !== value && !isOfEachStart(path) && !isDefault(path, value),
    )
    expect(unlike).toEqual([['/nics/0/nictype', 'vif']].filter(([path]) => xl.get(path ?? '') !== 'vif'))
  })
})

/** What is new at each start: the generation ID, and the copy of the kernel that libxl is given. */
const isOfEachStart = (path: string): boolean => path.includes('/ms_vm_genid/') || path === '/b_info/kernel'

/** What libxl leaves out of its JSON since it is its default (libxl_types.idl). */
const isDefault = (path: string, value: JsonValue): boolean =>
  value === 0 || (path === '/on_poweroff' && value === 'destroy') || /^\/on_/.test(path)

test('a guest that is given as a specification through the API is kept as xl.cfg and starts', async () => {
  const { spec } = await daemon.api.call('lint', {
    body: { definition: { file: 'a.cfg', text: tinyPvgrub('specified') } },
  })
  if (spec === null) throw new Error('the definition does not load')
  const kept = await daemon.api.call('define', { params: { guest: 'specified' }, body: { spec } })
  expect(kept.spec).toEqual(spec)
  expect(await dom0.sh('xl -N create /etc/tetrarch/guests/specified.cfg > /dev/null; echo $?')).toBe('0')
  expect(await start('specified', true)).toMatchObject({ state: 'succeeded' })
})
