/** The program /usr/lib/tetrarch/pygrub: see drop-in.ts. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadDaemonConfig } from '../config/load-daemon-config.ts'
import { asTetrarchError, errorTable } from '../words/errors.ts'
import { escapeControl, plainLines } from '../words/escape-control.ts'
import { runDropIn } from './drop-in.ts'
import { sandboxOptions } from './options.ts'

const CONFIG = '/etc/tetrarch/tetrarchd.toml'
const isBundled = import.meta.filename.endsWith('.mjs')
const program = join(import.meta.dirname, isBundled ? 'boot-sandbox.mjs' : 'sandbox-main.ts')

/** libxl ends its boot loader with a signal: the sandbox then ends too, and its files go. */
const stopped = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => stopped.abort())

try {
  const config = loadDaemonConfig(existsSync(CONFIG) ? readFileSync(CONFIG, 'utf8') : '', { file: CONFIG })
  const { stdin, stdout: screen } = process
  const result = await runDropIn(process.argv.slice(2), {
    sandbox: sandboxOptions(config, program),
    terminal: stdin.isTTY && screen.isTTY ? { input: stdin, output: screen } : null,
    signal: stopped.signal,
    tell: (line) => process.stderr.write(`pygrub: ${escapeControl(line)}\n`),
  })
  process.stdout.write(result.stdout)
} catch (thrown) {
  const { code, parts } = asTetrarchError(thrown)
  const lines = [parts.what, parts.why, ...(parts.evidence ?? []), parts.fix].filter((line) => line !== undefined)
  process.stderr.write(`pygrub: ${lines.flatMap((line) => [...plainLines(line)]).join('\n  ')}\n`)
  process.exitCode = errorTable[code].exit
}
