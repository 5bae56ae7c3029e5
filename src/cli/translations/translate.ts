import { fromVirsh } from './virsh.ts'
import { fromXl } from './xl.ts'

/** What to type instead of a verb of xl or virsh; undefined for a word that is neither's. */
export function translate(verb: string): string | undefined {
  const found = [...fromXl, ...fromVirsh].find(({ theirs }) => theirs.split(' ')[1] === verb)
  if (found === undefined) return undefined
  const [tool = ''] = found.theirs.split(' ')
  return `for "${tool} ${verb}": ${found.ours ?? found.note}`
}
