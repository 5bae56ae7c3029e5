/** The same acts by each toolstack: the daemon's API, and xl with its own words. */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { type Client, createClient } from '../../src/api/client.ts'
import type { Finding } from '../findings.ts'

export const run = promisify(execFile)
/** Rounds of each contest. */
export const rounds = Number(process.argv[2] ?? 5)

const MATERIAL = '/var/lib/tetrarch-lab/guests'
/** Of the lab's small guest, as libxl takes them. */
export const bootFiles = { kernel: `${MATERIAL}/vmlinux`, ramdisk: `${MATERIAL}/initrd-pv.img` }
const FOLDER = '/srv/bench'
const WAIT_MS = 600_000
export const api: Client = createClient({ socketPath: '/run/tetrarch/tetrarchd.sock', answerMs: WAIT_MS })

export const found = (finding: Finding): void => void process.stdout.write(`${JSON.stringify(finding)}\n`)

/** `raw` is what a boot loader extracts, `packed` the bzImage that Debian ships (xz). */
export type KernelFile = 'raw' | 'packed'
export type Equipment = 'no devices' | 'a nic' | 'a disk' | 'a disk and a nic'

const lines: Readonly<Record<Equipment, (name: string) => string>> = {
  'no devices': () => '',
  'a nic': () => 'vif = ["bridge=xenbr0"]\n',
  'a disk': (name) => `disk = ["${diskOf(name)},raw,xvda,rw"]\n`,
  'a disk and a nic': (name) => lines['a disk'](name) + lines['a nic'](name),
}

const diskOf = (name: string): string => `${FOLDER}/${name}.img`

/** A guest of the lab's kernel and initramfs. An HVM guest cannot be given a raw ELF file by libxl. */
export function guest(name: string, type: 'pv' | 'pvh' | 'hvm', with_: Equipment, kernel: KernelFile = 'raw'): string {
  const memory = type === 'hvm' ? 256 : 128
  const more = type === 'hvm' ? 'vga = "none"\nvnc = 0\n' : ''
  const file = kernel === 'raw' ? 'vmlinux' : 'vmlinuz'
  return `name = "${name}"\ntype = "${type}"\nmemory = ${memory}\nkernel = "${MATERIAL}/${file}"\nramdisk = "${MATERIAL}/initrd-pv.img"\nextra = "quiet console=hvc0"\n${more}${lines[with_](name)}`
}

/** A guest that costs next to nothing, for many of them. */
export const tiny = (name: string): string =>
  `name = "${name}"\ntype = "pvh"\nmemory = 32\nkernel = "${MATERIAL}/pvgrub-pvh.bin"\n`

export const prepareDisks = (names: readonly string[]) =>
  run('sh', ['-c', `mkdir -p ${FOLDER}; for name in ${names.join(' ')}; do truncate -s 64M ${FOLDER}/$name.img; done`])

/** A toolstack. Guests stay paused, lest they take the processors. */
export interface Toolstack {
  create(text: string): Promise<unknown>
  destroy(name: string): Promise<unknown>
}

export const fileOf = (text: string): string => `/root/bench-${/^name = "(.*)"$/m.exec(text)?.[1] ?? ''}.cfg`

export async function start(text: string, paused: boolean): Promise<void> {
  const body = { definition: { file: fileOf(text), text }, paused }
  const { problem } = await api.call('create', { query: { wait: WAIT_MS }, body })
  if (problem !== null) throw new Error(JSON.stringify(problem))
}

/** A guest from one that was built ahead. */
export async function startFrom(template: string, name: string): Promise<void> {
  const { problem } = await api.call('create', {
    query: { wait: WAIT_MS },
    body: { from: template, name, paused: true },
  })
  if (problem !== null) throw new Error(JSON.stringify(problem))
}

export const tetrarch: Toolstack = {
  create: (text) => start(text, true),
  destroy: (name) => api.call('destroy', { params: { guest: name }, query: { wait: WAIT_MS } }),
}

export async function xlStart(text: string, words: readonly string[]): Promise<void> {
  const file = fileOf(text)
  writeFileSync(file, text)
  await run('xl', ['create', ...words, file])
}

export const xl: Toolstack = {
  create: (text) => xlStart(text, ['-p']),
  destroy: (name) => run('xl', ['destroy', name]),
}

export async function timed(act: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await act()
  return performance.now() - begun
}

export async function until(what: string, look: () => Promise<boolean>, everyMs = 20): Promise<void> {
  const deadline = Date.now() + WAIT_MS
  while (!(await look())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
