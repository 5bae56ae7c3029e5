/** QEMU's control socket (QEMU docs/interop/qmp-spec): one command at a time, which is all the lab needs. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

type Reply = Readonly<Record<string, unknown>>

/** An open control socket. Disposing of it closes it. */
export interface Qmp extends AsyncDisposable {
  /** Runs a command and returns what it returns. Rejects with QEMU's own words if it fails, or if QEMU goes away. */
  execute(command: string, args?: Reply): Promise<unknown>
}

/** Connects to the control socket at `path`. */
export async function openQmp(path: string): Promise<Qmp> {
  const socket = connect(path)
  await once(socket, 'connect')
  const replies = repliesOf(socket)
  await replies.next() // the greeting
  const execute = async (command: string, args: Reply = {}): Promise<unknown> => {
    socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`)
    const next = await replies.next()
    if (next.done === true) throw new Error(`QEMU ended during ${command}`)
    const { error } = next.value as { error?: { desc?: string } }
    if (error) throw new Error(`QEMU: ${command}: ${error.desc ?? 'failed'}`)
    return next.value['return']
  }
  await execute('qmp_capabilities')
  return {
    execute,
    [Symbol.asyncDispose]: async () => {
      socket.destroy()
      await replies.return(undefined)
    },
  }
}

async function* repliesOf(socket: Socket): AsyncGenerator<Reply, undefined> {
  try {
    for await (const line of createInterface({ input: socket })) {
      const message = JSON.parse(line) as Reply
      if (!('event' in message)) yield message
    }
  } catch {
    // A reset connection is an end as good as any: QEMU was stopped.
  }
  return undefined
}
