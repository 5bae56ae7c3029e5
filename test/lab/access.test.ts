import { afterAll, beforeAll, expect, test } from 'vitest'
import { dom0 } from '../../lab/dom0.ts'
import { type LabDaemon, labDaemon } from './lab-daemon.ts'
import { tinyPvgrub } from './small-guests.ts'

const SOCKETS = { full: '/run/tetrarch/tetrarchd.sock', readOnly: '/run/tetrarch/tetrarchd-ro.sock' }
const HOOKS = '/etc/tetrarch/hooks.d'
const LOOKER = 'looker'

let daemon: LabDaemon
beforeAll(async () => {
  daemon = await labDaemon()
  await daemon.clear()
  await dom0.sh(
    `id ${LOOKER} 2> /dev/null || useradd --no-create-home --groups tetrarch-ro ${LOOKER}; rm -f ${HOOKS}/*`,
  )
})
afterAll(async () => {
  await dom0.sh(`rm -f ${HOOKS}/*`)
  await daemon.clear()
})

test('the sockets belong to root and their groups, and nobody else may open them', async () => {
  expect(await dom0.sh(`stat -c '%a %U:%G' ${SOCKETS.full} ${SOCKETS.readOnly}`)).toBe(
    '660 root:tetrarch\n660 root:tetrarch-ro',
  )
})

test('one who may look sees guests and changes nothing, and the journal knows who tried', async () => {
  const as = (words: string) => dom0.exec(['runuser', '-u', LOOKER, '--', 'sh', '-c', words])
  await daemon.create(tinyPvgrub('seen'))
  expect((await as('tetrarch list')).stdout).toContain('seen')
  expect(await as('tetrarch destroy seen')).toMatchObject({
    code: 15,
    stderr: expect.stringContaining('only for looking') as string,
  })
  expect((await as(`tetrarch --socket ${SOCKETS.full} list`)).code).toBe(15)
  const entry = await dom0.sh(`journalctl -q -n 1 -o json TETRARCH_AUDIT=1 TETRARCH_UID=$(id -u ${LOOKER})`)
  expect(JSON.parse(entry)).toMatchObject({
    TETRARCH_METHOD: 'POST',
    TETRARCH_TARGET: expect.stringContaining('/v1/guests/seen/destroy') as string,
    TETRARCH_STATUS: '403',
    TETRARCH_ERROR: 'forbidden',
    _SYSTEMD_UNIT: 'tetrarchd.service',
  })
})

test('a thousand connections, garbage and half a request harm neither daemon nor guests', async () => {
  const { domid } = await daemon.guest('seen')
  const pid = await dom0.sh('systemctl show -P MainPID tetrarchd')
  await dom0.sh(`cat > /run/hostile.mjs <<'JS'
import { connect } from 'node:net'
const sockets = Array.from({ length: 1000 }, (_, n) => {
  const socket = connect('${SOCKETS.full}')
  socket.on('error', () => undefined)
  if (n % 3 === 0) socket.write('\\0\\xff garbage\\r\\n\\r\\n')
  if (n % 3 === 1) socket.write('POST /v1/guests HTTP/1.1\\r\\nHost: x\\r\\nContent-Le')
  return socket
})
setTimeout(() => process.exit(sockets.length === 1000 ? 0 : 1), 3000)
JS
  /usr/lib/tetrarch/node /run/hostile.mjs`)
  expect(await dom0.sh('tetrarch list')).toContain('seen')
  expect(await dom0.sh('systemctl show -P MainPID tetrarchd')).toBe(pid)
  expect(await dom0.sh(`xl list | awk '$1 == "seen" { print $2 }'`)).toBe(String(domid))
})

test('hooks are told of what happens, and one that hangs makes nobody wait', async () => {
  await dom0.sh(`rm -f /run/told; cat > /run/tell <<'SH'
#!/bin/sh
cat >> /run/told
SH
  printf '#!/bin/sh\\nsleep 1000\\n' > /run/hang
  chmod 755 /run/tell /run/hang; install -m 755 /run/tell ${HOOKS}/tell; install -m 755 /run/hang ${HOOKS}/hang`)
  // The folder is looked at a moment after it was changed; a pause is an event that can be repeated until it is told.
  await dom0.waitFor('the hook to be told', async () => {
    await daemon.act('pause', 'seen')
    await daemon.act('unpause', 'seen')
    return (await dom0.sh('cat /run/told 2> /dev/null || true')).includes('"to":"paused"')
  })
  expect(await daemon.act('destroy', 'seen')).toMatchObject({ state: 'succeeded' })
  await dom0.waitFor('the end to be told', async () =>
    (await dom0.sh('cat /run/told')).includes('"kind":"guest.gone","guest":"seen"'),
  )
  expect(await dom0.sh('pgrep -fc "^sleep 1000" || true')).toMatch(/^[01]$/)
})
