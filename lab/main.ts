/**
 * lab/lab: real Xen under QEMU, for tests, benchmarks and looking around (lab/README.md).
 *
 * It promises that every verb can be repeated, that exit codes pass through, and that nothing half made is ever used.
 * It never touches anything of this machine but its own cache, the Debian packages it needs, and QEMU processes it started.
 */
import { consoleVerb } from './console.ts'
import { clean, down } from './down.ts'
import { exec, pull, push, shell } from './exec.ts'
import { install, sync } from './install.ts'
import { logs, status } from './look.ts'
import { material } from './material.ts'
import { packages } from './packages.ts'
import { say } from './run.ts'
import { up } from './up.ts'

interface Verb {
  readonly usage: string
  readonly does: string
  readonly run: (args: readonly string[]) => Promise<number>
}

const verbs: Readonly<Record<string, Verb>> = {
  up: { usage: 'up', does: 'builds what is missing, and starts the lab', run: up },
  exec: { usage: 'exec [--] CMD…', does: 'runs a command in dom0 as root; standard input passes', run: exec },
  shell: { usage: 'shell', does: 'a shell in dom0', run: shell },
  push: { usage: 'push SRC DST', does: 'copies a file or directory into dom0', run: push },
  pull: { usage: 'pull SRC DST', does: 'copies a file or directory out of dom0', run: pull },
  install: { usage: 'install [DEB]', does: 'builds the .deb, installs it in dom0, starts the service', run: install },
  sync: { usage: 'sync', does: 'sends what changed since then, and restarts the service; seconds', run: sync },
  console: { usage: 'console', does: "the machine's serial console: Xen and dom0", run: consoleVerb },
  logs: { usage: 'logs [console|ARG…]', does: "dom0's logs; arguments go to journalctl", run: logs },
  material: { usage: 'material debian', does: 'puts the slow Debian guest into dom0', run: material },
  packages: { usage: 'packages NAME…', does: 'installs Debian packages in dom0, from the cache', run: packages },
  status: { usage: 'status', does: 'what runs, and what the cache holds (exit 3: not up)', run: status },
  down: { usage: 'down', does: 'stops the lab and forgets what happened in it', run: down },
  clean: { usage: 'clean', does: 'stops all labs and empties the cache', run: clean },
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
