/**
 * The command line that takes every right from the process that reads a guest's disk: an unprivileged user id of its
 * own, no capabilities and no way to get any, no network, its own process, IPC and mount namespaces, a root of a few
 * read-only files, limits on memory, CPU time, files and descriptors. Made of util-linux and coreutils alone.
 * Without root it cannot be had; then only the limits and Node's permission model hold, and the caller is told.
 */
import { execFile } from 'node:child_process'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { fail } from '../words/errors.ts'

export interface Confinement {
  /** The sandbox's entry file. What it is made of is visible inside (folderOf), and nothing else of ours. */
  readonly program: string
  readonly uid: number
  /** Seconds of CPU time. */
  readonly cpuSeconds: number
  /** Private writable memory beyond that of an idle Node (RLIMIT_DATA). */
  readonly memoryMiB: number
  /** Files below a disk, for each of which it gets a descriptor. */
  readonly maxParents: number
  /** Size of each file it may write. */
  readonly outputMiB: number
}

export interface ConfinedCommand {
  readonly file: string
  readonly args: readonly string[]
  /** What is missing of the full confinement; null when nothing is. */
  readonly lacks: string | null
}

const MEBIBYTE = 1024 * 1024
/** What Node 24 has before it does anything: V8 reserves 512 MiB of address space for code, touched or not (VmData in proc(5)). */
const IDLE_NODE_MIB = 600
/** What Node and the shells before it open, and the files that are passed to them besides an image's parents. */
const OWN_DESCRIPTORS = 32
const MOUNT_POINT = '/mnt'
const SETPRIV = '/usr/bin/setpriv'

/**
 * Makes an empty root of read-only binds, moves into it and starts the rest of the command line there.
 * The umask is the caller's, which may be stricter than what the unprivileged user needs to get in. The last line of fstab
 * makes the root itself read-only: a mount(8) of its own takes as long as all the binds. One that passes it over is asked again.
 * $1 mount point, $2 folders to make, $3 files to make, $4 lines of fstab(5), then the command.
 */
const ENTER_ROOT = `set -e
umask 022
mount -t tmpfs -o nosuid,nodev,mode=0755,size=256k tetrarch-boot "$1"
cd "$1"
folders=$2 files=$3
printf '%s' "$4" > fstab
shift 4
IFS='
'
set -f
mkdir -p $folders
for file in $files; do : > "$file"; done
mount --no-canonicalize --all --fstab fstab
if [ -w . ]; then mount -o remount,ro,nosuid,nodev "$PWD"; fi
mount --move "$PWD" /
exec chroot . "$@"`

/** The command that runs the program confined, as far as the caller's own rights go. */
export async function confinedCommand(confinement: Confinement): Promise<ConfinedCommand> {
  const node = nodeCommand(confinement)
  if (process.getuid?.() !== 0) {
    return { file: 'prlimit', args: [...limits(confinement), ...node], lacks: 'it runs with the rights of its caller' }
  }
  const root = await visibleFiles(confinement.program)
  const [file, args] = ['prlimit', [...limits(confinement), ...namespaces(), ...enterRoot(root), ...drop(confinement)]]
  return { file, args: [...args, ...node], lacks: null }
}

const limits = ({ cpuSeconds, memoryMiB, outputMiB, maxParents }: Confinement): string[] => [
  '--core=0',
  '--memlock=0',
  `--fsize=${outputMiB * MEBIBYTE}`,
  `--data=${(IDLE_NODE_MIB + memoryMiB) * MEBIBYTE}`,
  `--cpu=${cpuSeconds}`,
  `--nofile=${OWN_DESCRIPTORS + maxParents}`,
]

const namespaces = (): string[] => [
  ...['unshare', '--mount', '--net', '--ipc', '--uts', '--pid', '--cgroup', '--fork', '--kill-child', '--'],
]

const drop = ({ uid }: Confinement): string[] => [
  SETPRIV,
  `--reuid=${uid}`,
  `--regid=${uid}`,
  '--clear-groups',
  '--bounding-set=-all',
  '--inh-caps=-all',
  '--no-new-privs',
  // Changing the user id forgets the one that unshare set (prctl(2), PR_SET_PDEATHSIG).
  '--pdeathsig=KILL',
]

const nodeCommand = ({ program }: Confinement): string[] => [
  process.execPath,
  '--permission',
  `--allow-fs-read=${folderOf(program)}/*`,
  '--no-warnings',
  '--disable-proto=throw',
  program,
]

/** A bundle is alone in its folder; a source (of a checkout) also takes from the folders beside its own. */
const folderOf = (program: string): string => (program.endsWith('.ts') ? dirname(dirname(program)) : dirname(program))

interface VisibleFiles {
  readonly folders: readonly string[]
  readonly files: readonly string[]
}

function enterRoot({ folders, files }: VisibleFiles): string[] {
  const inside = (path: string): string => `.${path}`
  const made = [...new Set([...folders, ...files.map((file) => dirname(file))])]
  const escape = (path: string): string =>
    path.replace(/[\s\\]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`)
  const fstab = [...folders, ...files].map(
    (path) => `${escape(path)} ${escape(MOUNT_POINT + path)} none bind,ro,nosuid,nodev 0 0\n`,
  )
  const lines = (paths: readonly string[]): string => paths.map(inside).join('\n')
  fstab.push(`none ${MOUNT_POINT} none remount,ro,nosuid,nodev 0 0\n`)
  return ['/bin/sh', '-c', ENTER_ROOT, 'enter-root', MOUNT_POINT, lines(made), lines(files), fstab.join('')]
}

const known = new Map<string, Promise<VisibleFiles>>()

/** Node, setpriv, the libraries they load and the program's own files. Looked up once for each program. */
function visibleFiles(program: string): Promise<VisibleFiles> {
  const found = known.get(program) ?? lookUp(program)
  known.set(program, found)
  found.catch(() => known.delete(program))
  return found
}

async function lookUp(program: string): Promise<VisibleFiles> {
  const programs = [process.execPath, SETPRIV]
  const libraries = await Promise.all(programs.map(librariesOf))
  const files = [...new Set([...programs, ...libraries.flat()])]
  const folders = [folderOf(program)]
  for (const path of [...files, ...folders]) {
    if (path.includes('\n') || path.startsWith(`${MOUNT_POINT}/`)) {
      throw fail('host-lacks', {
        what: `the boot loader's sandbox cannot show ${path}`,
        why: `it is under ${MOUNT_POINT}`,
      })
    }
  }
  return { folders, files }
}

/** The shared libraries of one of our own programs, with the loader itself. */
async function librariesOf(file: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ldd', [file], { env: {} })
  return stdout.split('\n').flatMap((line) => /(?:=> |^\s*)(\/\S+) \(0x/.exec(line)?.[1] ?? [])
}
