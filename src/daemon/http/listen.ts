import { chmodSync, chownSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { groupNamed } from '../../api/accounts.ts'
import { fail } from '../../words/errors.ts'

/** Where a server listens: a socket that systemd handed over, or a path of our own. */
export type ListenTarget =
  | { readonly fd: number }
  | {
      readonly path: string
      /** Permissions of the socket. */
      readonly mode: number
      /** Group that may use it; only root may when the machine has no such group. */
      readonly group: string
    }

/** Says whether the group was there. */
export interface Listening {
  readonly groupMissing: boolean
}

/** Listens. A socket that a dead daemon left behind is replaced; one that answers is not. */
export async function listen(server: Server, target: ListenTarget): Promise<Listening> {
  if ('fd' in target) {
    await listening(server, { fd: target.fd })
    return { groupMissing: false }
  }
  const { path, mode, group } = target
  try {
    await listenPrivately(server, path)
  } catch (error) {
    if (!isCode(error, 'EADDRINUSE')) throw cannotListen(path, error)
    await removeStale(path)
    await listenPrivately(server, path)
  }
  const account = groupNamed(group)
  if (account !== null) chownSync(path, 0, account.id)
  chmodSync(path, mode)
  return { groupMissing: account === null }
}

/** Until its group is set, nobody else may connect. */
async function listenPrivately(server: Server, path: string): Promise<void> {
  const before = process.umask(0o177)
  try {
    await listening(server, { path })
  } finally {
    process.umask(before)
  }
}

function listening(server: Server, target: { readonly fd: number } | { readonly path: string }): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  server.once('error', reject)
  server.listen(target, () => {
    server.off('error', reject)
    resolve(undefined)
  })
  return promise
}

async function removeStale(path: string): Promise<void> {
  const answers = await new Promise<boolean>((resolve) => {
    const socket = connect(path, () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
  if (!answers) {
    rmSync(path)
    return
  }
  throw fail('usage', {
    what: 'another daemon listens already',
    where: path,
    fix: 'systemctl status tetrarchd, or give another paths.run',
  })
}

const cannotListen = (path: string, cause: unknown): Error =>
  fail(
    'file-missing',
    { what: 'cannot make the socket', where: path, why: cause instanceof Error ? cause.message : String(cause) },
    { cause },
  )

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code
