/** Runs one of the programs of in-dom0/ with the Node.js that the package has installed there. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { build } from 'esbuild'
import { dom0, reachable } from '../lab/dom0.ts'
import { sshCommand } from '../lab/ssh.ts'

export interface Dom0Program {
  /** A file of in-dom0/. */
  readonly entry: string
  readonly args: readonly (string | number)[]
  /** After that it is ended, which is no error. */
  readonly seconds: number
}

/** What timeout(1) ends with. */
const TIMED_OUT = 124

/** The JSON documents that it prints, line by line. Rejects when it ends with an error. */
export async function* linesOf({ entry, args, seconds }: Dom0Program): AsyncGenerator {
  await send(entry)
  const script = `timeout -k 5 ${seconds} /usr/lib/tetrarch/node /root/bench.mjs ${args.join(' ')}`
  const [ssh = '', ...words] = sshCommand(await reachable(), script)
  const child = spawn(ssh, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  for await (const line of createInterface({ input: child.stdout })) yield JSON.parse(line)
  const code = await ended
  if (code !== 0 && code !== TIMED_OUT) throw new Error(`${entry}: it ended early in dom0, exit ${String(code)}`)
}

async function send(entry: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tetrarch-bench-'))
  const outfile = join(folder, 'program.mjs')
  const entryPoints = [new URL(`in-dom0/${entry}`, import.meta.url).pathname]
  await build({
    entryPoints,
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    external: ['koffi'],
  })
  await dom0.push(outfile, '/root/bench.mjs')
  // What reaches Xen by itself takes the native module of the package.
  await dom0.sh('ln -sfn /usr/lib/tetrarch/node_modules /root/node_modules')
  rmSync(folder, { recursive: true })
}
