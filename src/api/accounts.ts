/** Names of this machine's users and groups, as /etc/passwd and /etc/group have them (passwd(5), group(5)). */
import { readFileSync } from 'node:fs'

export interface Account {
  readonly name: string
  readonly id: number
}

/** The user of this number, null when the file has none. */
export const userOf = (uid: number, file = '/etc/passwd'): Account | null => find(file, ({ id }) => id === uid)

/** The group of this number, null when the file has none. */
export const groupOf = (gid: number, file = '/etc/group'): Account | null => find(file, ({ id }) => id === gid)

/** The group of this name, null when the file has none. */
export const groupNamed = (name: string, file = '/etc/group'): Account | null =>
  find(file, (account) => account.name === name)

/** Both files are NAME:PASSWORD:NUMBER:… in each line. */
function find(file: string, wanted: (account: Account) => boolean): Account | null {
  for (const line of readLines(file)) {
    const [name = '', , number = ''] = line.split(':')
    const account = { name, id: Number(number) }
    if (number !== '' && wanted(account)) return account
  }
  return null
}

function readLines(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch {
    // A machine without the file has names elsewhere (NSS); numbers are shown then.
    return []
  }
}
