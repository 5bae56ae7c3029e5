import { isRefusal } from '../../disk-fault.ts'
import { type LoaderEntry, readLoaderEntries } from '../loader-entries.ts'
import { guestNode } from '../guest-files.ts'
import { compareFileVersions, compareRpmVersions } from '../version-order.ts'
import { parseScript } from './parser.ts'
import { grubDevice } from './search.ts'
import { type BuiltIn, FAILED, OK, type Session } from './session.ts'

/**
 * `blscfg`: adds the entries of the Boot Loader Specification to the menu, the highest version first, as scripts that see
 * GRUB's variables. There are two of it, which order differently: Red Hat's (grub-core/commands/blscfg.c of Fedora's grub2)
 * as packages, and that of GRUB 2.14 (grub-core/commands/blsuki.c) as files. Which one is told by the modules beside the menu.
 */
export const blscfg: BuiltIn = (session, words) => {
  const { volumes, budget } = session.surroundings
  const root = session.volumeNamed(session.variable('root'))
  const compare = isUpstream(session) ? compareFiles : compareRpmVersions
  const given = words.map((word) => word.replace(/^--path=/, ''))
  const named = [...given, session.variable('blsdir')].filter((folder) => folder.startsWith('/'))
  for (const volume of root === null ? volumes : [root, ...volumes.filter((other) => other !== root)]) {
    for (const folder of [...named, '/loader/entries', '/boot/loader/entries']) {
      const entries = readLoaderEntries(volume, folder, { budget, note: (text) => session.note(text) })
      if (isRefusal(entries) || entries.length === 0) continue
      const sorted = [...entries].sort((left, right) => compare(right.id, left.id))
      for (const entry of sorted) session.run(parseScript(scriptOf(entry, `(${grubDevice(volume)})`, session)).block)
      return OK
    }
  }
  session.note('blscfg: there are no boot loader entries')
  return FAILED
}

const compareFiles = (left: string, right: string) => compareFileVersions(`${left}.conf`, `${right}.conf`)

const PLATFORMS = ['i386-pc', 'x86_64-efi', 'x86_64-xen', 'i386-xen_pvh'] as const

function isUpstream(session: Session): boolean {
  const place = session.place(session.variable('prefix'))
  if (isRefusal(place)) return false
  const has = (path: string) => guestNode(place.volume, path, session.surroundings.budget) !== null
  return PLATFORMS.some((platform) => has(`${place.path}/${platform}/blsuki.mod`))
}

/** An entry as the menuentry that blscfg makes of it: values are not quoted, so that variables in them are replaced. */
function scriptOf(entry: LoaderEntry, device: string, session: Session): string {
  const quote = (text: string): string => `'${text.replaceAll("'", '')}'`
  const prefix = session.variable('boot_prefix')
  const options = entry.values('options')
  const args = options.length > 0 ? options.join(' ') : '$default_kernelopts'
  const initrds = [...entry.values('early_initrd'), ...entry.values('initrd')].flatMap((value) => value.split(/\s+/))
  const path = (file: string): string => `${device}${prefix}${file.startsWith('/') ? '' : '/'}${file}`
  const lines = [`linux ${path(entry.value('linux') ?? '')} ${args}`]
  const present = initrds.filter((file) => file !== '' && !file.startsWith('$'))
  if (present.length > 0) lines.push(`initrd ${present.map(path).join(' ')}`)
  const title = entry.value('title') ?? entry.id
  return `menuentry ${quote(title)} --id ${quote(entry.id)} {\n${lines.join('\n')}\n}\n`
}
