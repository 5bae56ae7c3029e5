/** Every command that a document or a help text shows is run as it stands there, against a daemon that simulates its host. */
import { spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commands } from '../../src/cli/command.ts'
import { type ServedDaemon, WEB, serveDaemon } from '../daemon/http/served-daemon.ts'
import { CLI } from '../built-cli.ts'

const ROOT = resolve(import.meta.dirname, '../..')
/** These go on until somebody ends them, or read a terminal. */
const ENDLESS = /^tetrarch (events|console|logs -f|create (-c|--console))\b/
/** What needs the disk or the screen of a real guest (test/lab): that their words are understood is seen by how far they come. */
const ON_REAL_XEN = /^tetrarch (convert|vnc)\b/
/** Commands that may well find something. */
const CHECKS = /^tetrarch lint\b/

/** The lines of a document's shell blocks and the words between backquotes that begin with our command. */
function commandsIn(markdown: string): readonly string[] {
  const blocks = [...markdown.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = '']) => block.split('\n'))
  // Two words alone name a command, and are no call of it.
  const inline = [...markdown.replaceAll(/^```.*?^```/gms, '').matchAll(/`([^`]+)`/g)]
    .map(([, words = '']) => words)
    .filter((words) => / .+ /.test(words))
  return [...blocks, ...inline].map((line) => line.replace(/\s+# .*$/, '').trim()).filter(isOurs)
}
/** The lines of a manual page's examples, with groff's characters as they are seen (groff_char(7)). */
function commandsInPage(roff: string): readonly string[] {
  const seen: Readonly<Record<string, string>> = { '\\-': '-', '\\(aq': "'", '\\e': '\\', '\\(ti': '~', '\\(ha': '^' }
  const blocks = [...roff.matchAll(/^\.EX\n(.*?)^\.EE$/gms)].flatMap(([, block = '']) => block.split('\n'))
  return blocks.map((line) => line.replaceAll(/\\(-|e|\(\w\w)/g, (mark) => seen[mark] ?? mark)).filter(isOurs)
}
/** Ours, and those that ask the daemon without it. QUERY, NAME and FILE stand for something else, brackets for what may be left out. */
const isOurs = (line: string) =>
  (/^(\w+=\S+ )?tetrarch [a-z-]+( |$)/.test(line) && !/ (QUERY|NAME|FILE|\[?COMMAND\]?)\b/.test(line)) ||
  line.startsWith('curl --unix-socket /run/tetrarch/')

async function documented(): Promise<readonly string[]> {
  const pages = (await readdir(join(ROOT, 'docs'))).filter((name) => name.endsWith('.md'))
  const files = ['README.md', 'CONTRIBUTING.md', 'lab/README.md', ...pages.map((name) => join('docs', name))]
  const texts = await Promise.all(files.map((file) => readFile(join(ROOT, file), 'utf8')))
  const manual = (await readdir(join(ROOT, 'docs/man'))).map((name) => join(ROOT, 'docs/man', name))
  const roff = await Promise.all(manual.map((file) => readFile(file, 'utf8')))
  const examples = await Promise.all(commands.map(async ({ load }) => (await load()).command.examples))
  return [
    ...new Set([...texts.flatMap(commandsIn), ...roff.flatMap(commandsInPage), ...examples.flat().filter(isOurs)]),
  ]
}

let served: ServedDaemon
let folder: string
beforeAll(async () => {
  served = await serveDaemon({ config: { guests: { shutdownMs: 2000 } } })
  folder = await mkdtemp(join(tmpdir(), 'tetrarch-docs-'))
  await mkdir(join(folder, 'xen'))
  await mkdir(join(folder, 'guests'))
  for (const name of ['web.cfg', 'test.cfg', 'xen/web.cfg', 'guests/web.cfg']) await writeFile(join(folder, name), WEB)
  await writeFile(join(folder, 'tetrarch'), `#!/bin/sh\nexec ${process.execPath} ${CLI} "$@"\n`)
  await chmod(join(folder, 'tetrarch'), 0o755)
})
afterAll(async () => {
  await served.stop()
  await rm(folder, { recursive: true })
})

const guest = (name: string) => WEB.replaceAll('web', name)
const booting = (name: string) => guest(name).replace('kernel = "/vmlinuz"', 'bootloader = "pygrub"')
const ask = (method: string, path: string, body?: unknown) => served.ask(method, `/v1${path}`, body)

/** Both guests are defined and run, unless the command is about those that do not. */
async function prepare(line: string): Promise<string> {
  for (const name of ['web', 'db']) {
    await ask('POST', `/guests/${name}/destroy?wait=5000`)
    // A file of a defined guest is no second one.
    if (/^tetrarch create .*\.cfg/.test(line)) await ask('DELETE', `/guests/${name}/definition`)
    else await ask('PUT', `/guests/${name}/definition`, { text: / --entry /.test(line) ? booting(name) : guest(name) })
    if (/^tetrarch create\b/.test(line)) continue
    await ask('POST', '/guests?wait=5000', { name, paused: / (un)?pause /.test(line) && / unpause /.test(line) })
  }
  if (!line.includes('5f1c')) return line
  served.host.hangNext('build')
  await ask('POST', '/guests/db/destroy?wait=5000')
  const { id } = (await ask('POST', '/guests', { name: 'db' })).body as { readonly id: string }
  return line.replace('5f1c', id)
}

function run(line: string): Promise<{ readonly status: number | null; readonly said: string }> {
  const env = {
    PATH: `${folder}:${process.env['PATH'] ?? ''}`,
    TETRARCH_SOCKET: served.sockets.full,
    EDITOR: 'true',
    NODE_COMPILE_CACHE: join(ROOT, 'build/compile-cache'),
  }
  const here = (ON_REAL_XEN.test(line) ? line.replace('tetrarch', 'tetrarch --socket /nonexistent') : line)
    .replaceAll('/etc/xen/', './xen/')
    .replace('/root/', './')
    .replace('/run/tetrarch/tetrarchd.sock', served.sockets.full)
    .replace('/run/tetrarch/tetrarchd-ro.sock', served.sockets.readOnly)
    .replace('EDITOR=nano', 'EDITOR=true')
  // Its standard output is a pipe, and standard input ends at once.
  const child = spawn('sh', ['-c', `exec 0</dev/null; ${here}`], { cwd: folder, env, detached: true })
  let said = ''
  let ended = false
  child.once('exit', () => (ended = true))
  // Its own process group, as long as the shell that leads it is there.
  const stop = () => {
    if (!ended && child.pid !== undefined) process.kill(-child.pid)
  }
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => {
      said += bytes.toString()
      if (ENDLESS.test(line)) setTimeout(stop, 50)
    })
  const late = setTimeout(stop, ENDLESS.test(line) ? 3000 : 20_000)
  return new Promise((done) =>
    child.once('close', (status) => {
      clearTimeout(late)
      done({ status, said })
    }),
  )
}

describe('is run as it is written', async () => {
  test.each((await documented()).map((line) => [line]))('%s', async (line) => {
    const { status, said } = await run(await prepare(line))
    const fine = ON_REAL_XEN.test(line) ? [14] : CHECKS.test(line) ? [0, 3] : ENDLESS.test(line) ? [0, null] : [0]
    expect(fine, said).toContain(status)
    if (ENDLESS.test(line)) expect(said).not.toMatch(/^error:/m)
  })
})
