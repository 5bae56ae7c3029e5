/** What the program in dom0 prints, a JSON document a line, as soon as it has it. */

export interface Result {
  /** What was done, such as `create PV, a disk`. */
  readonly name: string
  /** Milliseconds of each run, by side. */
  readonly times: Readonly<Record<string, readonly number[]>>
  /** How many of them failed, by side. */
  readonly failures?: Readonly<Record<string, number>>
}

/** How a time grows with the guests that are there already. */
export interface Growth {
  readonly name: string
  /** Milliseconds where so many guests were there, by side. */
  readonly points: Readonly<Record<string, readonly { readonly guests: number; readonly ms: number }[]>>
}

/** How often a second a thing can be asked. */
export interface Rate {
  readonly name: string
  readonly perSecond: Readonly<Record<string, number>>
}

export interface Memory {
  readonly guests: number
  /** Proportional set size, KiB. */
  readonly daemonKiB: number
  readonly workersKiB: number
  readonly workers: number
  readonly xlKiB: number
}

/** The daemon over a quiet time. */
export interface Idle {
  readonly guests: number
  readonly overMs: number
  /** CPU time, milliseconds. */
  readonly cpuMs: number
  /** Times that it was given a processor of its own accord (voluntary_ctxt_switches of proc(5)), all threads. */
  readonly wakeUps: number
  readonly daemonKiB: number
  readonly workers: number
  /** The same runtime with no program, beside it. */
  readonly bareNodeKiB: number
}

/** What is there after so much of it was done, with no guest left. */
export interface Soak {
  readonly after: string
  readonly domains: number
  readonly xenstoreNodes: number
  readonly loopDevices: number
  readonly qemus: number
  readonly records: number
  readonly descriptors: number
  readonly daemonMiB: number
  readonly xenstoredMiB: number
  readonly workers: number
}

export type Finding =
  | { readonly xen: string }
  | { readonly idle: Idle }
  | { readonly result: Result }
  | { readonly growth: Growth }
  | { readonly rate: Rate }
  | { readonly memory: Memory }
  | { readonly soak: Soak }
