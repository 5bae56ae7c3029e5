/** lab console: the machine's serial line, on which Xen and dom0 print, and dom0 asks for a login (root, no password). */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { labName, labPlace } from './place.ts'
import { say } from './run.ts'
import { runningTarget } from './state.ts'

/** Ctrl-], as in telnet, virsh and xl. */
const escape = 0x1d

/** How much of what was printed before is shown first, in characters. */
const shownBefore = 2000

/** Attaches this terminal to the serial line until Ctrl-] or the end of input. One at a time: QEMU serves one. */
export async function consoleVerb(): Promise<number> {
  const { place } = runningTarget(labPlace(labName()))
  const socket = connect(place.consoleSocket)
  await once(socket, 'connect')
  say('the serial console; Ctrl-] leaves it, Ctrl-a three times (in a terminal) turns it from dom0 to Xen')
  process.stdout.write(readFileSync(place.consoleLog, 'utf8').slice(-shownBefore))
  const { stdin } = process
  if (stdin.isTTY) stdin.setRawMode(true)
  socket.pipe(process.stdout, { end: false })
  stdin.on('data', (bytes: Buffer) => {
    if (stdin.isTTY && bytes.includes(escape)) socket.end()
    else socket.write(bytes)
  })
  stdin.on('end', () => socket.end())
  await once(socket, 'close')
  if (stdin.isTTY) stdin.setRawMode(false)
  stdin.unref()
  return 0
}
