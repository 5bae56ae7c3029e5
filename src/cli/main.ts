/**
 * The command `tetrarch`, a client of the daemon's socket. Promises: results on stdout, everything else on stderr; the
 * exit status of the table of errors; no decoration in a pipe.
 * Never: libxl, xenstore or a file of the daemon.
 */
import { CommanderError } from 'commander'
import { type TetrarchError, asTetrarchError, errorTable } from '../words/errors.ts'
import { createProgram, usageError } from './program.ts'
import { errorLines } from './render/error-text.ts'
import { Terminal, endWithReader } from './render/terminal.ts'

for (const stream of [process.stdout, process.stderr]) endWithReader(stream)
// A script, which can start from bytecode, has no await of its own.
void main(process.argv.slice(2)).then((status) => {
  process.exitCode = status
  // To tidy up would take a thirtieth of a start. What waits in a socket is still to be written.
  if (process.stdout.writableLength + process.stderr.writableLength === 0) process.exit()
})

async function main(argv: readonly string[]): Promise<number> {
  try {
    const program = await createProgram(argv)
    if (argv.length === 0) program.outputHelp()
    else await program.parseAsync(argv, { from: 'user' })
    return 0
  } catch (thrown) {
    // Help and version are shown already.
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0
    return await report(asTetrarchError(thrown instanceof CommanderError ? await usageError(thrown) : thrown), argv)
  }
}

async function report(error: TetrarchError, argv: readonly string[]): Promise<number> {
  const terminal = new Terminal(process.stderr)
  if (argv.includes('--json')) {
    const { toProblem } = await import('../api/problem.ts')
    terminal.print(JSON.stringify(toProblem(error), null, 2))
  } else terminal.print(...errorLines(error, terminal))
  if (error.code === 'internal' && process.env['TETRARCH_DEBUG'] !== undefined) terminal.print(error.stack ?? '')
  return errorTable[error.code].exit
}
