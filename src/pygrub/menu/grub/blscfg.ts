import { isRefusal } from '../../disk-fault.ts'
import { type LoaderEntry, readLoaderEntries } from '../loader-entries.ts'
import { compareRpmVersions } from '../version-order.ts'
import { parseScript } from './parser.ts'
import { grubDevice } from './search.ts'
import { type BuiltIn, FAILED, OK, type Session } from './session.ts'

/**
 * Red Hat's `blscfg`: adds the entries of the Boot Loader Specification to the menu, the highest version first, as
 * scripts that see GRUB's variables (Fedora's grub2, grub-core/commands/blscfg.c).
 */
export const blscfg: BuiltIn = (session, words) => {
  const { volumes, budget } = session.surroundings
  const root = session.volumeNamed(session.variable('root'))
  const named = [words.at(-1) ?? '', session.variable('blsdir')].filter((folder) => folder.startsWith('/'))
  for (const volume of root === null ? volumes : [root, ...volumes.filter((other) => other !== root)]) {
    for (const folder of [...named, '/loader/entries', '/boot/loader/entries']) {
      const entries = readLoaderEntries(volume, folder, { budget, note: (text) => session.note(text) })
      if (isRefusal(entries) || entries.length === 0) continue
      const sorted = [...entries].sort((left, right) => compareRpmVersions(right.id, left.id))
      for (const entry of sorted) session.run(parseScript(scriptOf(entry, `(${grubDevice(volume)})`, session)).block)
      return OK
    }
  }
  session.note('blscfg: there are no boot loader entries')
  return FAILED
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
