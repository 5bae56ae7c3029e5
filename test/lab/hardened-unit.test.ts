/** What QEMU gives up as root works under the measures of tetrarchd.service, in which it runs. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dom0 } from '../../lab/dom0.ts'
import { type LabDaemon, labDaemon } from './lab-daemon.ts'

/** The user that libxl takes for the QEMUs with dm_restrict (docs/features/qemu-deprivilege.pandoc of Xen). */
const QEMU_USER = 'xen-qemuuser-shared'

let daemon: LabDaemon
beforeAll(async () => {
  daemon = await labDaemon()
  await daemon.clear()
  await dom0.sh(`id ${QEMU_USER} 2>/dev/null || adduser --system --no-create-home --group ${QEMU_USER}`)
})
afterAll(async () => {
  await daemon.clear()
  await dom0.sh(`deluser --quiet ${QEMU_USER}`)
})

test('a QEMU with dm_restrict is of its own user, in a folder without files, and without capabilities', async () => {
  await daemon.create('name = "held"\ntype = "hvm"\nmemory = 64\nvga = "none"\ndm_restrict = 1\n')
  await daemon.act('pause', 'held')
  const pid = (await daemon.guest('held')).deviceModel?.pid ?? 0
  const [uid, capabilities, root] = (
    await dom0.sh(`awk '/^Uid:/ { print $2 } /^CapEff:/ { print $2 }' /proc/${pid}/status; readlink /proc/${pid}/root`)
  ).split('\n')
  expect(uid).toBe(await dom0.sh(`id -u ${QEMU_USER}`))
  expect(capabilities).toMatch(/^0+$/)
  expect(root).toMatch(/qemu-root-/)
})
