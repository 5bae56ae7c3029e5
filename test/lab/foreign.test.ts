import { afterEach, beforeAll, expect, test } from 'vitest'
import { dom0 } from '../../lab/dom0.ts'
import { type LabDaemon, labDaemon } from './lab-daemon.ts'
import { tinyPvgrub } from './small-guests.ts'

let daemon: LabDaemon
beforeAll(async () => {
  daemon = await labDaemon()
  await daemon.clear()
})
afterEach(async () => {
  await daemon.clear()
})

/** Seconds since the epoch in dom0, where the events are stamped too. */
const dom0Clock = async () => Number(await dom0.sh('date +%s.%N'))
const secondsOf = (time: string) => Date.parse(time) / 1000

test('a domain of xl is seen within a second, as not ours, and its end too', async () => {
  const since = await daemon.newest()
  const file = '/root/theirs.cfg'
  await dom0.sh(`cat > ${file}`, { stdin: tinyPvgrub('theirs') })
  await dom0.sh(`xl create -p ${file}`)
  const created = await dom0Clock()
  const appeared = await daemon.event((event) => event.kind === 'guest.appeared', since)
  expect(secondsOf(appeared.time)).toBeLessThan(created + 1)
  expect(await daemon.guest('theirs')).toMatchObject({
    managed: false,
    state: 'paused',
    mode: { observed: 'pv', configured: null },
  })

  await dom0.sh('xl destroy theirs')
  const destroyed = await dom0Clock()
  const gone = await daemon.event((event) => event.kind === 'guest.gone', since)
  expect(secondsOf(gone.time)).toBeLessThan(destroyed + 1)
  expect(gone).toMatchObject({ guest: 'theirs' })
  expect(await daemon.list()).toEqual([])
})

test('a domain of xl is destroyed when it is told to, and never otherwise', async () => {
  await dom0.sh('cat > /root/theirs.cfg; xl create -p /root/theirs.cfg', { stdin: tinyPvgrub('theirs') })
  await dom0.sh('systemctl restart tetrarchd')
  daemon = await labDaemon()
  expect(await daemon.list()).toMatchObject([{ name: 'theirs', managed: false }])
  expect(await daemon.act('destroy', 'theirs')).toMatchObject({ state: 'succeeded' })
  expect(await dom0.sh('xl list | grep -c theirs || true')).toBe('0')
})
