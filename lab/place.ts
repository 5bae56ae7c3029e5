/**
 * Where the lab keeps things. Everything that takes long to make lies in a cache outside the checkout:
 *
 *   CACHE/rootfs/KEY.tar.zst     dom0's packages, as mmdebstrap leaves them
 *   CACHE/dom0/KEY/              disk, kernel, initrd, Xen, ssh key; and in it
 *   CACHE/dom0/KEY/booted-KEY/   the booted machine: disk overlay and machine state
 *   CACHE/labs/NAME/             one running lab: its own overlay, sockets, console log
 *
 * KEY is a hash of the recipe. A thing is built under the name .building-* and renamed when it is whole.
 */
import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

const environment = process.env

/** The cache: TETRARCH_LAB_CACHE, else tetrarch-lab in the user's cache directory (XDG Base Directory). */
export const cacheRoot = resolve(
  environment['TETRARCH_LAB_CACHE'] ?? join(environment['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'tetrarch-lab'),
)

/** The checkout that this lab belongs to. */
export const checkout = resolve(import.meta.dirname, '..')

/** A directory of the cache, made if missing. */
export function cacheDirectory(...names: readonly string[]): string {
  const path = join(cacheRoot, ...names)
  mkdirSync(path, { recursive: true, mode: 0o700 })
  return path
}

/** The name of the lab that this command is about: LAB, else "default". */
export function labName(): string {
  const name = environment['LAB'] ?? 'default'
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(name)) {
    throw new Error(`LAB=${name}: a lab's name has up to 31 of a-z, 0-9 and "-"`)
  }
  return name
}

/** Longest path of a Unix socket is 107 bytes (unix(7)); ssh appends 17 while it makes its own (ssh_config(5), ControlPath). */
const longestSocketPath = 107 - 17

/** The files of one running lab. */
export interface LabPlace {
  readonly name: string
  readonly directory: string
  readonly disk: string
  /** The disk that carries files to dom0 (exchange.ts). */
  readonly exchange: string
  readonly pidFile: string
  readonly qmp: string
  readonly consoleSocket: string
  readonly consoleLog: string
  readonly sshSocket: string
  /** What runs there: port, key, snapshot (state.ts). */
  readonly stateFile: string
}

/** The files of the lab called `name`; nothing is made. */
export function labPlace(name: string): LabPlace {
  const directory = join(cacheRoot, 'labs', name)
  const at = (file: string) => join(directory, file)
  if (at('console').length > longestSocketPath) {
    throw new Error(`${directory}: too long a path for Unix sockets; set TETRARCH_LAB_CACHE to a shorter one`)
  }
  return {
    name,
    directory,
    disk: at('disk.qcow2'),
    exchange: at('exchange'),
    pidFile: at('qemu.pid'),
    qmp: at('qmp'),
    consoleSocket: at('console'),
    consoleLog: at('console.log'),
    sshSocket: at('ssh'),
    stateFile: at('lab.json'),
  }
}

/** The lock of what starts or stops that lab; what builds holds "build". */
export const lockOf = ({ name }: LabPlace): string => `lab-${name}`
