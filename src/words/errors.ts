/**
 * Every error a user can meet, in one table: its HTTP status, the CLI's exit code and a sentence of documentation.
 * An error tells what failed, where, why, and what to do next; the text, the API's problem document and
 * the list of errors in the documentation all come from here.
 */
export interface ErrorKind {
  /** HTTP status of the problem document (RFC 9457). */
  readonly status: number
  /** Exit code of the CLI (docs: tetrarch(1), EXIT STATUS). */
  readonly exit: number
  /** What the code means, for the documentation and as the problem document's title. */
  readonly title: string
}

const kinds = {
  usage: { status: 400, exit: 2, title: 'The command or request is not one that exists.' },
  'config-syntax': { status: 400, exit: 3, title: 'A guest definition or the daemon configuration cannot be read.' },
  'config-invalid': { status: 400, exit: 3, title: 'A guest definition says something that cannot be.' },
  'not-found': { status: 404, exit: 4, title: 'There is no such guest, task or file.' },
  'already-exists': { status: 409, exit: 5, title: 'A guest of this name or uuid exists already.' },
  'changed-meanwhile': { status: 412, exit: 5, title: 'Someone else changed the definition in the meantime.' },
  'wrong-state': { status: 409, exit: 5, title: 'The guest is in a state in which this makes no sense.' },
  'not-managed': {
    status: 409,
    exit: 5,
    title: 'The domain was made by another toolstack, so this is not done to it.',
  },
  'mode-refused': { status: 422, exit: 6, title: 'The guest cannot run in this mode with these devices on this host.' },
  'host-lacks': { status: 422, exit: 6, title: 'The host lacks what this mode or device needs.' },
  'no-memory': { status: 507, exit: 7, title: 'The host has too little free memory.' },
  'file-missing': {
    status: 422,
    exit: 8,
    title: 'A kernel, ramdisk, firmware or disk file is missing or cannot be read.',
  },
  'disk-in-use': { status: 409, exit: 5, title: 'A writable disk is in use by another guest.' },
  'boot-not-found': { status: 422, exit: 9, title: "Nothing on the guest's disk can be booted." },
  'boot-loader-failed': {
    status: 500,
    exit: 9,
    title: 'The boot loader was stopped: a limit was passed or it crashed.',
  },
  'libxl-failed': { status: 500, exit: 10, title: 'libxenlight reported a failure.' },
  'worker-died': { status: 500, exit: 10, title: 'The libxl worker died in the middle of an operation.' },
  'device-model-failed': { status: 500, exit: 10, title: 'QEMU did not answer, or refused a command.' },
  deadline: {
    status: 504,
    exit: 11,
    title: 'An operation took longer than its deadline and was stopped and cleaned up.',
  },
  cancelled: { status: 409, exit: 12, title: 'The operation was cancelled.' },
  'xen-unavailable': {
    status: 503,
    exit: 13,
    title: 'This machine runs no Xen that tetrarch knows, or its services are down.',
  },
  'xenstore-failed': { status: 503, exit: 13, title: 'xenstored did not answer or refused.' },
  'daemon-unreachable': { status: 503, exit: 14, title: 'The daemon does not answer on its socket.' },
  forbidden: { status: 403, exit: 15, title: 'The caller may not do this.' },
  'too-large': { status: 413, exit: 2, title: 'The request is larger than the daemon takes.' },
  'guest-died': { status: 500, exit: 16, title: 'The guest died while it was being watched.' },
  'not-all': { status: 500, exit: 18, title: 'Some of several guests could not be started or stopped.' },
  'storage-failed': { status: 507, exit: 17, title: 'The daemon cannot write what it must remember.' },
  internal: { status: 500, exit: 70, title: 'A mistake in tetrarch.' },
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof kinds
export const errorTable: Readonly<Record<ErrorCode, ErrorKind>> = kinds

/** The parts of an error that a user reads. All texts are plain sentences without a final full stop. */
export interface ErrorParts {
  /** What failed: `cannot start "web" as PVH`. */
  readonly what: string
  /** Where: a file with line and column, a disk and a path, a request. */
  readonly where?: string | undefined
  /** Why it failed. */
  readonly why?: string | undefined
  /** What the user can do next. */
  readonly fix?: string | undefined
  /** The step of an operation that failed, in the words of progress lines. */
  readonly stage?: string | undefined
  /** Lines that show it: libxl's log, QEMU's log, console output. Untrusted text: escape before a terminal sees it. */
  readonly evidence?: readonly string[] | undefined
}

/** By which copies of the class know one another: what the CLI loads on demand brings one of its own. */
const BRAND = Symbol.for('tetrarch.TetrarchError')

export class TetrarchError extends Error {
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value
  }

  get [BRAND](): true {
    return true
  }

  override readonly name = 'TetrarchError'
  readonly code: ErrorCode
  readonly parts: ErrorParts

  constructor(code: ErrorCode, parts: ErrorParts, options?: ErrorOptions) {
    super(parts.where === undefined ? parts.what : `${parts.where}: ${parts.what}`, options)
    this.code = code
    this.parts = parts
  }

  /** The same error, in the step of the operation that met it: the word that progress lines use. */
  at(stage: string): TetrarchError {
    return new TetrarchError(this.code, { ...this.parts, stage }, { cause: this.cause })
  }
}

/** The error to throw: `throw fail('not-found', { what: 'there is no guest "web"', fix: 'tetrarch list' })`. */
export function fail(code: ErrorCode, parts: ErrorParts, options?: ErrorOptions): TetrarchError {
  return new TetrarchError(code, parts, options)
}

/** Anything thrown, as one of ours; what we did not foresee becomes `internal` and keeps its cause. */
export function asTetrarchError(thrown: unknown): TetrarchError {
  if (thrown instanceof TetrarchError) return thrown
  const why = thrown instanceof Error ? thrown.message : String(thrown)
  return new TetrarchError('internal', { what: 'something went wrong inside tetrarch', why }, { cause: thrown })
}
