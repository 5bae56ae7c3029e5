/** A whole daemon on a simulated host that answers on sockets in a folder of its own, and clients of it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type IncomingMessage, type OutgoingHttpHeaders, type RequestOptions, request } from 'node:http'
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
  /** Writes NAME.cfg into the guests folder, and waits until the daemon knows it. */
  define(name: string, text: string): Promise<void>
  /** One request, its answer's JSON parsed. */
  ask(method: string, path: string, body?: unknown, socketPath?: string, headers?: OutgoingHttpHeaders): Promise<Answer>
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
    paths: {
      guests: below('guests'),
      hooks: below('hooks.d'),
      state: below('state'),
      run: root,
      consoleLogs: below('consoles'),
      dumps: below('dumps'),
      saved: below('saved'),
    },
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
    async define(name, text) {
      await writeFile(join(config.paths.guests, `${name}.cfg`), text)
      for (;;) {
        const guest = await client.call('guest', { params: { guest: name } }).catch(() => null)
        if (guest?.defined === true) return
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
    ask: (method, path, body, socketPath = sockets.full, headers = {}) =>
      ask({ socketPath, method, path, headers }, body),
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

function ask(options: RequestOptions, body: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sending = request({ ...options, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response
        resolve({
          status,
          headers,
          body: (chunks.length === 0 ? null : JSON.parse(Buffer.concat(chunks).toString())) as unknown,
        })
      })
    })
    sending.on('error', reject)
    sending.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body))
  })
}
