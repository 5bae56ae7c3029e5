/** The API of the daemon in dom0, spoken from outside: as quick as a call over ssh, without a process in dom0. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, createClient } from '../src/api/client.ts'
import { reachable } from './dom0.ts'
import { forwardSocket } from './ssh.ts'

/** How long a busy emulated dom0 may take to answer, milliseconds. */
const ANSWER_MS = 120_000

export async function daemonApi(): Promise<Client> {
  const socketPath = join(mkdtempSync(join(tmpdir(), 'tetrarch-lab-')), 'tetrarchd.sock')
  await forwardSocket(await reachable(), socketPath, '/run/tetrarch/tetrarchd.sock')
  return createClient({ socketPath, answerMs: ANSWER_MS })
}
