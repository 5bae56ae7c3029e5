/**
 * lab/lab: real Xen under QEMU, for tests, benchmarks and looking around (lab/README.md).
 *
 * It promises that every verb can be repeated, that exit codes pass through, and that nothing half made is ever used.
 * It never touches anything of this machine but its own cache, the Debian packages it needs, and QEMU processes it started.
 */
import { say } from './run.ts'
import { up } from './up.ts'
import { exec } from './exec.ts'
import { down } from './down.ts'

interface Verb {
  readonly usage: string
  readonly does: string
  readonly run: (args: readonly string[]) => Promise<number>
}

const verbs: Readonly<Record<string, Verb>> = {
  up: { usage: 'up', does: 'builds what is missing, and starts the lab', run: up },
  exec: { usage: 'exec [--] CMD…', does: 'runs a command in dom0 as root; standard input passes', run: exec },
  down: { usage: 'down', does: 'stops the lab and forgets what happened in it', run: down },
}

function usage(): string {
  const lines = Object.values(verbs).map((verb) => `  lab/lab ${verb.usage.padEnd(24)} ${verb.does}`)
  return ['usage:', ...lines, 'LAB=NAME chooses among several labs side by side. See lab/README.md.'].join('\n')
}

async function main([name, ...args]: readonly string[]): Promise<number> {
  const verb = name === undefined ? undefined : verbs[name]
  if (!verb) {
    console.error(usage())
    return name === 'help' || name === '--help' ? 0 : 2
  }
  return verb.run(args)
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
