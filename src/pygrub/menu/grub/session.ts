import { type Budget, DiskFault, isRefusal, type Refusal } from '../../disk-fault.ts'
import { type Volume } from '../../volumes.ts'
import { type GuestFile } from '../menu.ts'
import { guestFile, readText } from '../guest-files.ts'
import { type Word } from './lexer.ts'
import { type Block, type Command, parseScript } from './parser.ts'

/** Exit status of a command: 0 is true, as in a shell. */
export type Status = number
export const OK: Status = 0
export const FAILED: Status = 1

export type BuiltIn = (session: Session, words: readonly string[], command: SimpleCommand) => Status
export type SimpleCommand = Extract<Command, { kind: 'simple' }>

/** A menuentry or submenu as the script registers it; its block runs when the entry is chosen. */
export interface ScriptEntry {
  readonly kind: 'menuentry' | 'submenu'
  readonly title: string
  readonly id: string | null
  readonly block: Block
  /** What the block sees as $1 and on. */
  readonly parameters: readonly string[]
}

/** What `linux` and `initrd` have put together so far. */
export interface Loaded {
  kernel: GuestFile | null
  cmdline: string
  ramdisks: GuestFile[]
  /** The first thing that kept a kernel or ramdisk from being loaded. */
  problem: string | null
}

/** What all sessions of one menu file share. */
export interface Surroundings {
  readonly volumes: readonly Volume[]
  readonly budget: Budget
  readonly builtIns: Readonly<Record<string, BuiltIn>>
  readonly functions: Map<string, Block>
  /** Reports something to the user, once. */
  note(text: string): void
}

/** Why commands are being skipped: up to the end of `levels` loops, of a function, or of everything. */
interface Leaving {
  readonly kind: 'break' | 'continue' | 'return' | 'exit'
  readonly levels: number
}

/** Calls of functions and sourced files in one another. */
const MAX_CALLS = 32
const MAX_VALUE_LENGTH = 64 * 1024
const MAX_WORDS = 4096
const MAX_ENTRIES = 2000

/** A running script: GRUB's variables and menu. A submenu runs in a session of its own with a copy of the variables. */
export class Session {
  readonly surroundings: Surroundings
  readonly variables: Map<string, string>
  entries: ScriptEntry[] = []
  readonly loaded: Loaded = { kernel: null, cmdline: '', ramdisks: [], problem: null }
  parameters: readonly string[] = []
  leaving: Leaving | null = null
  #source: string
  #calls: number
  #status: Status = OK

  constructor(surroundings: Surroundings, variables: ReadonlyMap<string, string>, source: string, calls = 0) {
    this.surroundings = surroundings
    this.variables = new Map(variables)
    this.#source = source
    this.#calls = calls
  }

  /** A session that starts with this one's variables, for a submenu or another menu file. */
  child(): Session {
    return new Session(this.surroundings, this.variables, this.#source, this.#calls + 1)
  }

  variable(name: string): string {
    return this.variables.get(name) ?? ''
  }

  assign(name: string, value: string): void {
    if (value.length > MAX_VALUE_LENGTH) throw new DiskFault(`${this.#source}: the variable ${name} grows too long`)
    this.variables.set(name, value)
  }

  note(text: string): void {
    this.surroundings.note(`${this.#source}: ${text}`)
  }

  /** Runs commands one after the other; the last one's status counts. */
  run(block: Block): Status {
    for (const command of block) {
      if (this.leaving !== null) break
      this.#status = this.#runCommand(command)
    }
    return this.#status
  }

  /** Runs a menu file in this session. FAILED where it cannot be read. */
  runFile(volume: Volume, path: string): Status {
    const text = readText(volume, path, this.surroundings.budget)
    if (isRefusal(text)) {
      this.note(text.refused)
      return FAILED
    }
    return this.#call(() => {
      const outer = this.#source
      this.#source = `${volume.name}:${path}`
      const script = parseScript(text)
      for (const { line, why } of script.problems) this.note(`line ${line}: ${why}`)
      const status = this.run(script.block)
      this.#source = outer
      if (this.leaving?.kind === 'return') this.leaving = null
      return status
    })
  }

  /** Runs a block with parameters of its own, as functions and entries do. */
  runWith(parameters: readonly string[], block: Block): Status {
    return this.#call(() => {
      const outer = this.parameters
      this.parameters = parameters
      const status = this.run(block)
      this.parameters = outer
      if (this.leaving?.kind === 'return') this.leaving = null
      return status
    })
  }

  addEntry(entry: ScriptEntry): void {
    if (this.entries.length >= MAX_ENTRIES) throw new DiskFault(`${this.#source}: more than ${MAX_ENTRIES} entries`)
    this.entries.push(entry)
  }

  /** The volume that a device name stands for: `(hd0,gpt2)`, `hd0,2`, `(xen/xvda,msdos1)`. There is one disk, whatever its number. */
  volumeNamed(device: string): Volume | null {
    const name = device.replace(/^\(|\)$/g, '')
    const { volumes } = this.surroundings
    if (name.startsWith('lvm')) {
      return volumes.find((volume) => volume.name === name || `lvmid/${volume.partition.guid ?? ''}` === name) ?? null
    }
    const exact = volumes.find((volume) => volume.name === name.slice(name.indexOf(',') + 1))
    if (exact !== undefined) return exact
    const partition = /^[^,]+,(?:(?:gpt|msdos)?(\d+))/.exec(name)
    if (partition === null) return volumes.find((volume) => volume.name === 'disk') ?? null
    return volumes.find((volume) => /^(?:gpt|msdos)(\d+)$/.exec(volume.name)?.[1] === partition[1]) ?? null
  }

  /** Splits `(device)/path` or `/path` on the root device. */
  place(path: string): { volume: Volume; path: string } | Refusal {
    const match = /^\(([^)]*)\)(.*)$/s.exec(path)
    const device = match?.[1] ?? this.variable('root')
    const volume = this.volumeNamed(device)
    if (volume === null) return { refused: `${path}: there is no device "${device}"` }
    return { volume, path: match?.[2] ?? path }
  }

  file(path: string): GuestFile | Refusal {
    const place = this.place(path)
    return isRefusal(place) ? place : guestFile(place.volume, place.path, this.surroundings.budget)
  }

  #call(body: () => Status): Status {
    if (++this.#calls > MAX_CALLS) throw new DiskFault(`${this.#source}: calls are nested too deeply`)
    const status = body()
    this.#calls--
    return status
  }

  #runCommand(command: Command): Status {
    this.surroundings.budget.spend('steps')
    switch (command.kind) {
      case 'simple':
        return this.#runSimple(command)
      case 'if': {
        for (const { condition, body } of command.branches) {
          if (this.run(condition) === OK) return this.#runBody(body)
          if (this.leaving !== null) return FAILED
        }
        return this.#runBody(command.otherwise)
      }
      case 'for':
        return this.#runLoop(this.expand(command.words).values(), command.body, (value) => {
          this.assign(command.variable, value)
          return true
        })
      case 'loop': {
        const goesOnAt = (status: Status): boolean => (status === OK) === (command.runs === 'while')
        return this.#runLoop(forever(), command.body, () => goesOnAt(this.run(command.condition)))
      }
      case 'function':
        this.surroundings.functions.set(command.name, command.body)
        return OK
    }
  }

  #runBody(block: Block): Status {
    this.#status = OK
    return this.run(block)
  }

  #runLoop<T>(values: Iterator<T>, body: Block, begins: (value: T) => boolean): Status {
    let status: Status = OK
    for (let step = values.next(); step.done !== true; step = values.next()) {
      this.surroundings.budget.spend('steps')
      if (!begins(step.value)) break
      status = this.#runBody(body)
      const { leaving } = this
      if (leaving === null) continue
      if (leaving.kind === 'return' || leaving.kind === 'exit') break
      this.leaving = leaving.levels > 1 ? { kind: leaving.kind, levels: leaving.levels - 1 } : null
      if (leaving.levels > 1) break
      if (leaving.kind === 'break') break
    }
    return status
  }

  #runSimple(command: SimpleCommand): Status {
    let words: readonly string[] = this.expand(command.words)
    const isInverted = words[0] === '!'
    if (isInverted) words = words.slice(1)
    const [name, ...rest] = words
    if (name === undefined) return OK
    const status = this.#runNamed(name, rest, command)
    return isInverted ? (status === OK ? FAILED : OK) : status
  }

  #runNamed(name: string, rest: readonly string[], command: SimpleCommand): Status {
    const { builtIns, functions } = this.surroundings
    const builtIn = Object.hasOwn(builtIns, name) ? builtIns[name] : undefined
    if (builtIn !== undefined) return builtIn(this, rest, command)
    const body = functions.get(name)
    if (body !== undefined) return this.runWith(rest, body)
    const equals = name.indexOf('=')
    if (equals > 0) {
      this.assign(name.slice(0, equals), name.slice(equals + 1))
      return OK
    }
    this.note(`line ${command.line}: "${name}" is no command that is known`)
    return FAILED
  }

  /** Words with their variables replaced; unquoted values are split at blanks, as in a shell. */
  expand(words: readonly Word[]): string[] {
    const expanded: string[] = []
    for (const word of words) {
      let current: string | null = null
      for (const part of word.parts) {
        if (part.kind === 'text') {
          current = (current ?? '') + part.value
        } else if (part.name === '@' || (part.name === '*' && !part.isQuoted)) {
          // The first goes on with the word before it, and what follows goes on with the last.
          this.parameters.forEach((parameter, index) => {
            if (index > 0 && current !== null) {
              expanded.push(current)
              current = null
            }
            current = (current ?? '') + parameter
          })
        } else if (part.isQuoted) {
          current = (current ?? '') + this.#value(part.name)
        } else {
          const pieces = this.#value(part.name).split(/[ \t\n]+/)
          pieces.forEach((piece, index) => {
            if (index > 0 && current !== null) {
              expanded.push(current)
              current = null
            }
            if (piece !== '') current = (current ?? '') + piece
          })
        }
      }
      if (current !== null) expanded.push(current)
      if (expanded.length > MAX_WORDS) throw new DiskFault(`${this.#source}: a command of too many words`)
    }
    this.surroundings.budget.spend('steps', expanded.length)
    return expanded
  }

  #value(name: string): string {
    if (name === '?') return String(this.#status)
    if (name === '#') return String(this.parameters.length)
    if (name === '*') return this.parameters.join(' ')
    if (/^\d+$/.test(name)) return this.parameters[Number(name) - 1] ?? ''
    return this.variable(name)
  }
}

function* forever(): Generator<null> {
  for (;;) yield null
}
