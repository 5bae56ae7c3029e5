import { isRefusal } from '../../disk-fault.ts'
import { type BuiltIn, FAILED, OK, type Session, type Status } from './session.ts'

const problem = (session: Session, text: string): Status => {
  session.loaded.problem ??= text
  return FAILED
}

/** Joins arguments as GRUB hands them to the kernel: blanks are quoted, quotes and backslashes escaped (lib/cmdline.c). */
const joinArguments = (words: readonly string[]): string =>
  words
    .map((word) => {
      const escaped = word.replace(/[\\'"]/g, '\\$&')
      return /\s/.test(word) ? `"${escaped}"` : escaped
    })
    .join(' ')

const linux: BuiltIn = (session, words) => {
  const { loaded } = session
  const [path, ...rest] = words
  if (path === undefined) return problem(session, 'a "linux" command without a kernel')
  const file = session.file(path)
  if (isRefusal(file)) return problem(session, file.refused)
  loaded.kernel = file
  loaded.ramdisks = []
  loaded.cmdline = joinArguments(rest)
  return OK
}

const initrd: BuiltIn = (session, words) => {
  const { loaded } = session
  if (loaded.kernel === null) return problem(session, 'an "initrd" command before any kernel')
  const ramdisks = []
  for (const path of words) {
    if (path.startsWith('newc:')) return problem(session, `${path}: wrapped initrd files are not supported`)
    const file = session.file(path)
    if (isRefusal(file)) return problem(session, file.refused)
    ramdisks.push(file)
  }
  loaded.ramdisks = ramdisks
  return OK
}

const cannot =
  (what: string): BuiltIn =>
  (session, words) =>
    problem(session, `it starts ${what}${words[0] === undefined ? '' : ` (${words[0]})`}, which is no Linux kernel`)

/** The commands that load what boots. */
export const loadCommands: Readonly<Record<string, BuiltIn>> = {
  linux,
  linux16: linux,
  linuxefi: linux,
  initrd,
  initrd16: initrd,
  initrdefi: initrd,
  chainloader: cannot('another boot loader'),
  multiboot: cannot('a multiboot image'),
  multiboot2: cannot('a multiboot image'),
  module: cannot('a multiboot image'),
  module2: cannot('a multiboot image'),
  xen_hypervisor: cannot('a hypervisor'),
  kfreebsd: cannot('a BSD kernel'),
  knetbsd: cannot('a BSD kernel'),
  kopenbsd: cannot('a BSD kernel'),
  ntldr: cannot('Windows'),
  freedos: cannot('FreeDOS'),
  drivemap: () => OK,
  devicetree: () => OK,
}
