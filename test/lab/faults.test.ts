import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { MATERIAL } from '../../lab/demo-guests.ts'
import { dom0 } from '../../lab/dom0.ts'
import { type LabDaemon, labDaemon, remains } from './lab-daemon.ts'
import { small, tinyPvgrub } from './small-guests.ts'

/** A script of the user's own for a nic, which libxl waits for: it holds the create where the domain is half-made. */
const HELD = '/run/tetrarch-test-script-began'
const HOLDING_SCRIPT = `#!/bin/sh
[ "$1" = online ] || exit 0
touch ${HELD}
while [ -e ${HELD} ]; do sleep 0.1; done
xenstore-write "$XENBUS_PATH/hotplug-status" connected
`

let daemon: LabDaemon
beforeAll(async () => {
  daemon = await labDaemon()
  await daemon.clear()
  await dom0.sh('truncate -s 64M /srv/empty.img; mkdir -p /srv/guests')
  await dom0.sh(`cp --sparse=always ${MATERIAL}/ext4-gpt.img /srv/guests/faults.img`)
})
afterEach(async () => {
  await dom0.sh(`rm -f ${HELD}`)
  await daemon.clear()
})

const DISK = 'disk = ["/srv/guests/faults.img,raw,xvda,rw"]'
const busyWorker = async () =>
  (await daemon.api.call('host', {})).daemon.workers.find(({ busyWith }) => busyWith === 'create')

describe('a libxl worker that dies in the middle of a create', () => {
  test('fails that create with its step and the log of libxl, and nothing of it stays', async () => {
    await dom0.sh(`rm -f ${HELD}; cat > /srv/hold-vif; chmod +x /srv/hold-vif`, { stdin: HOLDING_SCRIPT })
    const devices = `${DISK}\nvif = ["bridge=xenbr0,script=/srv/hold-vif"]`
    const definition = { file: '/root/victim.cfg', text: small('victim', 'pv', '', devices) }
    const { id } = await daemon.api.call('create', { body: { definition } })
    const isHeld = async () => (await dom0.sh(`ls ${HELD} 2>/dev/null || true`)) !== ''
    await dom0.waitFor('the script of its nic to run', isHeld, { timeoutMs: 120_000 })
    const halfMade = await remains()
    for (const part of ['domain ', 'loop ', '/backend/vbd/', '/backend/vif/']) expect(halfMade).toContain(part)
    const worker = await dom0.waitFor('the worker that builds the domain', busyWorker)
    await dom0.sh(`kill -SEGV ${worker.pid}; rm ${HELD}`)
    const task = await daemon.api.call('task', { params: { task: id }, query: { wait: 120_000 } })
    expect(task).toMatchObject({ state: 'failed', problem: { code: 'worker-died', stage: 'build the domain' } })
    expect(task.problem?.evidence?.join('\n')).toMatch(/libxl|domain/i)
    expect(await remains()).toBe('')
  })

  test('leaves the daemon alive, which builds the same guest the next time', async () => {
    await daemon.create(small('victim', 'pv', '', `${DISK}\nvif = ["bridge=xenbr0"]`))
  })
})

test('two creates at once are not both promised the memory that is there for one', async () => {
  const memory = Math.floor((Number(await dom0.sh('xl info free_memory')) * 2) / 3)
  const text = (name: string) => tinyPvgrub(name, 'pvh').replace('memory = 32', `memory = ${memory}`)
  const tasks = await Promise.all(['one', 'other'].map((name) => daemon.tryToCreate(text(name))))
  const refused = tasks.filter(({ state }) => state !== 'succeeded')
  expect(refused).toMatchObject([{ problem: { code: 'no-memory', stage: 'check the memory' } }])
  const [built] = tasks.filter(({ state }) => state === 'succeeded')
  expect(refused[0]?.problem?.evidence?.join('\n')).toContain(built?.guest)
  expect(await dom0.sh('xl list | tail -n +3 | wc -l')).toBe('1')
})

describe('a create that cannot be', () => {
  const cases = [
    {
      what: 'a kernel that is missing',
      text: small('broken', 'pv').replace(`${MATERIAL}/vmlinux`, '/no/such/kernel'),
      problem: { code: 'file-missing', stage: 'check the definition', where: '/no/such/kernel' },
    },
    {
      what: 'a kernel that is none',
      text: small('broken', 'pv').replace(`${MATERIAL}/vmlinux`, '/etc/hostname'),
      problem: { stage: 'find the kernel' },
    },
    {
      what: 'a disk that holds nothing to boot',
      text: 'name = "broken"\ntype = "pvh"\nmemory = 128\ndisk = ["/srv/empty.img,raw,xvda,rw"]\n',
      problem: { code: 'boot-not-found', stage: 'find the kernel' },
    },
    {
      what: 'a disk that is a folder',
      text: small('broken', 'pv', '', 'disk = ["/srv,raw,xvda,rw"]'),
      problem: { code: 'file-missing', stage: 'check the definition' },
    },
    {
      what: 'more memory than Xen has',
      text: small('broken', 'pv').replace('memory = 128', 'memory = 100000'),
      problem: { code: 'no-memory', stage: 'check the memory' },
    },
    {
      what: 'a bridge that does not exist',
      text: small('broken', 'pv', '', 'vif = ["bridge=nosuchbr0"]'),
      problem: { code: 'host-lacks', stage: 'check the definition' },
    },
  ]
  test.each(cases)('because of $what says so with its step, and leaves nothing', async ({ text, problem }) => {
    const task = await daemon.tryToCreate(text)
    expect(task).toMatchObject({ state: 'failed', problem })
    expect(task.problem?.fix ?? task.problem?.why).toBeTruthy()
    expect(await remains()).toBe('')
  })

  test('because its name is in use is refused at once, also when xl has it', async () => {
    await daemon.create(small('taken', 'pv'))
    await expect(daemon.create(small('taken', 'pv'))).rejects.toMatchObject({ code: 'already-exists' })
    expect(await dom0.sh('xl list | grep -c taken')).toBe('1')
  })
})
