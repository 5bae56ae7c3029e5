import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

/** Listens on a Unix datagram socket and prints the first message; Node has no such sockets. */
const RECEIVER = `use Socket; $| = 1;
socket(my $s, PF_UNIX, SOCK_DGRAM, 0) or die; bind($s, sockaddr_un($ARGV[0])) or die;
print "bound\\n"; recv($s, my $m, 4096, 0); print "$m\\n";`

const SENDER = `import { openSdNotify } from './src/libxl/sd-notify.ts'
import { createServiceNotifier } from './src/daemon/systemd.ts'
createServiceNotifier(openSdNotify()).ready('two guests')`

test('systemd hears that the service is ready, with a status line', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tetrarch-notify-'))
  const socket = join(folder, 'notify')
  const receiver = spawn('perl', ['-e', RECEIVER, socket], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: receiver.stdout })[Symbol.asyncIterator]()
  expect(await lines.next()).toMatchObject({ value: 'bound' })
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', SENDER], {
    env: { ...process.env, NOTIFY_SOCKET: socket },
  })
  expect(await lines.next()).toMatchObject({ value: 'READY=1' })
  expect(await lines.next()).toMatchObject({ value: 'STATUS=two guests' })
  if (receiver.exitCode === null) await once(receiver, 'exit')
  await rm(folder, { recursive: true })
})
