import { entryOf } from '../../../words/entry-of.ts'
import { type Volume } from '../../volumes.ts'
import { guestNode } from '../guest-files.ts'
import { type BuiltIn, FAILED, OK, type Session } from './session.ts'

type Kind = 'uuid' | 'label' | 'file'

const KINDS: Readonly<Record<string, Kind>> = {
  '-u': 'uuid',
  '--fs-uuid': 'uuid',
  '-l': 'label',
  '--label': 'label',
  '--fs-label': 'label',
  '-f': 'file',
  '--file': 'file',
}

/**
 * Finds the volume with a filesystem UUID, label or file, and puts its name into a variable (GNU GRUB Manual, "search").
 * Hints say where to look first; with one disk they only matter between copies of a filesystem.
 */
export const search: BuiltIn = (session, words) => {
  let kind: Kind = 'file'
  let variable: string | null = null
  const names: string[] = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    const equals = word.startsWith('--') ? word.indexOf('=') : -1
    const option = equals > 0 ? word.slice(0, equals) : word
    const said = entryOf(KINDS, option)
    if (option === '--set' || option === '-s') variable = equals > 0 ? word.slice(equals + 1) : 'root'
    else if (said !== undefined) kind = said
    else if (/^--hint/.test(option) && equals < 0) at++
    else if (!word.startsWith('-')) names.push(word)
  }
  const [wanted, target] = names
  if (wanted === undefined) return FAILED
  const volume = findVolume(session, kind, wanted)
  if (volume === undefined) {
    session.note(`search: no filesystem with the ${kind} "${wanted}"`)
    return FAILED
  }
  const name = variable ?? target
  if (name !== undefined) session.assign(name, grubDevice(volume))
  return OK
}

function findVolume(session: Session, kind: Kind, wanted: string): Volume | undefined {
  const { volumes, budget } = session.surroundings
  const isIt: Readonly<Record<Kind, (volume: Volume) => boolean>> = {
    uuid: ({ filesystem }) => filesystem.uuid?.toLowerCase() === wanted.toLowerCase(),
    label: ({ filesystem }) => filesystem.label === wanted,
    file: (volume) => guestNode(volume, wanted, budget) !== null,
  }
  return volumes.find(isIt[kind])
}

/** The name by which GRUB knows a volume of the only disk. */
export function grubDevice({ name }: Volume): string {
  if (name === 'disk') return 'hd0'
  return name.startsWith('lvm/') ? name : `hd0,${name}`
}
