import { type Budget, DiskFault } from '../disk-fault.ts'

/** A section of LVM's configuration text (lvm.conf(5)): sections within it, and its values. */
export interface ConfigSection {
  readonly sections: Readonly<Record<string, ConfigSection>>
  readonly values: Readonly<Record<string, ConfigValue>>
}
export type ConfigValue = string | number | readonly (string | number)[]

const TOKEN = /\s*(?:#[^\n]*(?:\n|$)\s*)*([{}=[\],]|"(?:[^"\\]|\\.)*"|[^\s{}=[\],"#]+)/y
const MAX_DEPTH = 8

/** Parses metadata. Throws DiskFault where it cannot be understood. */
export function parseLvmConfig(text: string, budget: Budget): ConfigSection {
  TOKEN.lastIndex = 0
  const next = (): string | null => {
    budget.spend('entries')
    return TOKEN.exec(text)?.[1] ?? null
  }
  return section(next, 0)
}

function section(next: () => string | null, depth: number): ConfigSection {
  if (depth > MAX_DEPTH) throw new DiskFault('LVM metadata nested too deeply')
  // Names come from the disk, so these objects have no prototype to meet.
  const sections = Object.create(null) as Record<string, ConfigSection>
  const values = Object.create(null) as Record<string, ConfigValue>
  for (;;) {
    const name = next()
    if (name === null || name === '}') {
      if ((name === null) !== (depth === 0)) throw new DiskFault('LVM metadata whose brackets do not match')
      return { sections, values }
    }
    const sign = next()
    if (sign === '{') sections[name] = section(next, depth + 1)
    else if (sign === '=') values[name] = value(next)
    else throw new DiskFault('LVM metadata that cannot be understood')
  }
}

function value(next: () => string | null): ConfigValue {
  const first = next()
  if (first !== '[') return scalar(first)
  const list: (string | number)[] = []
  for (let token = next(); token !== ']'; token = next()) if (token !== ',') list.push(scalar(token))
  return list
}

function scalar(token: string | null): string | number {
  if (token === null || '{}=[],'.includes(token)) throw new DiskFault('LVM metadata that cannot be understood')
  if (token.startsWith('"')) return token.slice(1, -1).replace(/\\(.)/g, '$1')
  return Number(token)
}
