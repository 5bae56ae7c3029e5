/** The journal of systemd, with fields that journalctl can search: what a service prints has none. */
import { loadLibrary } from './ffi.ts'

/** Names of fields are A-Z, 0-9 and _, and begin with a letter (systemd.journal-fields(7)). */
export type JournalFields = Readonly<Record<string, string>>

/** Gives a function that sends one entry. What goes wrong is dropped: a journal that is away stops nobody. */
export function openJournal(): (fields: JournalFields) => void {
  // A format and what fills it, again and again, and a NULL (sd_journal_send(3)).
  const send = loadLibrary('libsystemd.so.0', 'libsystemd0').bind<readonly (string | null)[], number>(
    'int sd_journal_send(const char *, ...)',
  )
  return (fields) => {
    const [[firstName, firstValue] = ['MESSAGE', ''], ...others] = Object.entries(fields)
    const rest = others.flatMap(([name, value]) => ['str', `${name}=%s`, 'str', value])
    send(`${firstName}=%s`, 'str', firstValue, ...rest, 'void *', null)
  }
}
