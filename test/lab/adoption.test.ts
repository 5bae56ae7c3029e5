/** What happens to guests and to what is remembered of them while tetrarchd is away, and when it cannot write. Tiny guests that need not boot. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { dom0 } from '../../lab/dom0.ts'
import { type LabDaemon, killed, labDaemon, remains } from './lab-daemon.ts'
import { tinyPvgrub } from './small-guests.ts'

const STATE = '/var/lib/tetrarch'
const DEVICES = 'disk = ["/srv/adopted.img,raw,xvda,rw"]\nvif = ["bridge=xenbr0"]\n'

let daemon: LabDaemon
beforeAll(async () => {
  daemon = await labDaemon()
  await daemon.clear()
  await dom0.sh('truncate -s 16M /srv/adopted.img')
})
afterEach(async () => {
  await daemon.clear()
})

/** Runs a script while there is no daemon. */
const whileAway = (script: string) =>
  daemon.replace(() => `systemctl stop tetrarchd\n${script}\nsystemctl start tetrarchd`)
const create = async (name: string, more = '') => {
  await daemon.create(tinyPvgrub(name) + more)
  return await daemon.guest(name)
}
const record = ({ uuid }: { readonly uuid: string }) => `${STATE}/domains/${uuid}.json`
const journal = () => dom0.sh('journalctl -o cat -u tetrarchd -n 200')

describe('while tetrarchd is stopped, xl', () => {
  test('destroys a guest: the next daemon knows it is gone, and keeps nothing of it', async () => {
    await create('lost', DEVICES)
    const other = await create('other')
    await whileAway('xl destroy lost')
    expect(await daemon.list()).toMatchObject([{ name: 'other', domid: other.domid, managed: true }])
    expect(await dom0.sh(`ls ${STATE}/domains`)).toBe(`${other.uuid}.json`)
    expect((await create('lost', DEVICES)).state).toBe('running')
  })

  test('renames a guest: it stays the same guest of ours, says so, and ends as ever', async () => {
    const { domid } = await create('ours', DEVICES)
    await whileAway('xl rename ours theirs')
    const guest = await daemon.guest('ours')
    expect(guest).toMatchObject({ name: 'ours', managed: true, domid, state: 'running' })
    expect(guest.warnings.join('\n')).toContain('theirs')
    expect(await daemon.list()).toHaveLength(1)
    expect(await daemon.act('destroy', 'ours')).toMatchObject({ state: 'succeeded' })
    expect(await remains()).toBe('')
  })
})

test('a record that was cut off is reported and left alone; its guest runs on as one of others, and can be destroyed', async () => {
  const cut = await create('cut', DEVICES)
  const whole = await create('whole')
  await whileAway(`truncate -s 100 ${record(cut)}`)
  expect(await daemon.list()).toMatchObject([
    { name: 'cut', domid: cut.domid, managed: false, state: 'running' },
    { name: 'whole', domid: whole.domid, managed: true, state: 'running' },
  ])
  expect(await journal()).toContain(`${record(cut)} is damaged and was left alone`)
  expect(await dom0.sh(`stat -c %s ${record(cut)}`)).toBe('100')
  expect(await daemon.act('destroy', 'cut')).toMatchObject({ state: 'succeeded' })
  await dom0.sh(`rm ${record(cut)}`)
})

describe('on a full disk', () => {
  /** The state folder becomes a small file system, with all that was in it. */
  beforeAll(async () => {
    await whileAway(`
      mkdir -p /run/small; mount -t tmpfs -o size=256k,mode=750 tmpfs /run/small
      cp -a ${STATE}/domains ${STATE}/modes ${STATE}/conversions /run/small/; mount --bind /run/small ${STATE}`)
  })
  afterAll(async () => {
    await daemon.clear()
    await whileAway(`umount ${STATE} /run/small`)
  })
  /** To the last byte; dd(1) fails then, as it should. */
  const fill = () => dom0.exec(`dd if=/dev/zero of=${STATE}/fill bs=4k`)

  test('a create says so before anything is built, and what runs is known, ends and is forgotten', async () => {
    const old = await create('old', DEVICES)
    const before = await dom0.sh(`cat ${record(old)}`)
    await fill()
    const task = await daemon.tryToCreate(tinyPvgrub('new'))
    expect(task).toMatchObject({
      state: 'failed',
      problem: {
        code: 'storage-failed',
        stage: 'record the start',
        why: expect.stringContaining('ENOSPC') as string,
        fix: expect.stringContaining('make room') as string,
      },
    })
    expect(await dom0.sh('xl list | grep -c new || true')).toBe('0')

    await daemon.replace(killed)
    expect(await daemon.list()).toMatchObject([{ name: 'old', domid: old.domid, managed: true, state: 'running' }])
    expect(await dom0.sh(`cat ${record(old)}`)).toBe(before)

    expect(await daemon.act('destroy', 'old')).toMatchObject({ state: 'succeeded' })
    expect(await journal()).toMatch(/what must be remembered of .*old.* cannot be written/)
    expect(await remains()).toBe('')
    await dom0.sh(`rm ${STATE}/fill`)
    expect((await create('new')).state).toBe('running')
  })
})
