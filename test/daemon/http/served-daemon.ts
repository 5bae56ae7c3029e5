/** A whole daemon on a simulated host that answers on sockets in a folder of its own, and clients of it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { type Socket, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { type Client, createClient } from '../../../src/api/client.ts'
import { DaemonConfig } from '../../../src/config/daemon-config.ts'
import { openGuestConsole } from '../../../src/daemon/consoles/guest-console.ts'
import { type Daemon, startDaemon } from '../../../src/daemon/daemon.ts'
import type { SimulatedOptions } from '../../../src/daemon/simulated/settings.ts'
import { SimulatedHost } from '../../../src/daemon/simulated-host.ts'

export const WEB = `name = "web"\ntype = "pvh"\nmemory = 128\nkernel = "/vmlinuz"\ndisk = ["/srv/web.img,raw,xvda,rw"]\n`

export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

export interface ServedDaemon {
  readonly daemon: Daemon
  readonly host: SimulatedHost
  readonly config: DaemonConfig
  readonly sockets: { readonly full: string; readonly readOnly: string }
  readonly client: Client
  /** What the daemon logged. */
  readonly log: readonly Record<string, unknown>[]
  /** One request, its answer's JSON parsed. */
  ask(method: string, path: string, body?: unknown, socketPath?: string): Promise<Answer>
  /** Sends bytes as they are and gives back all that comes until the connection closes. */
  send(bytes: string | Buffer): Promise<string>
  connected(): Promise<Socket>
  stop(): Promise<void>
}

export async function serveDaemon(
  settings: { readonly config?: object; readonly host?: SimulatedOptions } = {},
): Promise<ServedDaemon> {
  const root = await mkdtemp(join(tmpdir(), 'tetrarch-http-'))
  const below = (name: string) => join(root, name)
  const config = DaemonConfig.parse({
    paths: { guests: below('guests'), state: below('state'), run: root, consoleLogs: below('consoles') },
    guests: { shutdownMs: 300 },
    ...settings.config,
  })
  const host = new SimulatedHost(
    (tty, name) => openGuestConsole(tty, name, { directory: config.paths.consoleLogs, ...config.console }),
    settings.host,
  )
  const log: Record<string, unknown>[] = []
  const lines = new Writable({
    write(line: Buffer, _encoding, done) {
      log.push(JSON.parse(line.toString()) as Record<string, unknown>)
      done()
    },
  })
  const sockets = { full: below('tetrarchd.sock'), readOnly: below('tetrarchd-ro.sock') }
  const at = (path: string) => ({ path, mode: 0o660, group: 'root' })
  const listen = { full: at(sockets.full), readOnly: at(sockets.readOnly) }
  const daemon = await startDaemon({ config, host, version: '0.0.0', log: pino({ base: null }, lines), listen })
  const client = createClient({ socketPath: sockets.full })
  const connected = () =>
    new Promise<Socket>((resolve, reject) => {
      const socket = connect(sockets.full, () => resolve(socket)).once('error', reject)
    })
  return {
    ...{ daemon, host, config, sockets, client, log, connected },
    ask: (method, path, body, socketPath = sockets.full) => ask(socketPath, method, path, body),
    send: async (bytes) => {
      const socket = await connected()
      const chunks: Buffer[] = []
      socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined)
      const closed = new Promise((resolve) => socket.once('close', resolve))
      socket.write(bytes)
      await closed
      return Buffer.concat(chunks).toString()
    },
    async stop() {
      client[Symbol.dispose]()
      await daemon.stop()
      await rm(root, { recursive: true, force: true })
    },
  }
}

function ask(socketPath: string, method: string, path: string, body: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sending = request({ socketPath, method, path, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response
        resolve({ status, headers, body: JSON.parse(Buffer.concat(chunks).toString()) as unknown })
      })
    })
    sending.on('error', reject)
    sending.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body))
  })
}
