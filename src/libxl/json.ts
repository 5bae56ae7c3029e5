/**
 * libxl's types through their JSON: structs are opaque memory that libxl itself fills (libxl_X_from_json) and reads
 * (libxl_X_to_json), so no struct layout of libxl stands in this project, and a new Xen release needs no new code here.
 * Works without a running Xen.
 */
import { fail } from '../words/errors.ts'
import { readText } from './ffi.ts'
import type { NativeFunction, NativeLibrary, Pointer } from './ffi.ts'
import { findDifference, findHazard } from './json-difference.ts'
import type { Difference } from './json-difference.ts'
import { free } from './libc.ts'
import { NativeMemory, writtenBytes } from './memory.ts'
import type { JsonObject } from './requests.ts'

/** The types of libxl_types.idl that tetrarch uses. */
export type LibxlTypeName =
  'domain_config' | 'domain_create_info' | 'domain_restore_params' | 'device_disk' | 'device_nic' | 'version_info'

/** libxl's largest struct, domain_config, has 1368 bytes in 4.20. */
const PROBE_BYTES = 16 << 10

/** A libxl struct with an owner. Its contents go with it (libxl_X_dispose). */
export interface LibxlStruct extends Disposable {
  readonly at: Pointer
}

export class LibxlType {
  readonly #name: LibxlTypeName
  readonly #init: NativeFunction<[at: Pointer], undefined>
  readonly #dispose: NativeFunction<[at: Pointer], undefined>
  readonly #fromJson: NativeFunction<[ctx: Pointer, at: Pointer, json: string], number>
  readonly #toJson: NativeFunction<[ctx: Pointer | null, at: Pointer], Pointer | null>
  /** Keys that libxl was seen to read (json-difference.ts): to learn that takes a way through libxl for each. */
  readonly #known = new Set<string>()
  /** The last document that was seen to be understood: a start has one measured, and built at once. */
  #understood: string | null = null
  /** sizeof, learned from libxl: libxl_X_init writes exactly this many bytes. */
  readonly bytes: number

  constructor(libxenlight: NativeLibrary, name: LibxlTypeName) {
    this.#name = name
    this.#init = libxenlight.bind(`void libxl_${name}_init(void *)`)
    this.#dispose = libxenlight.bind(`void libxl_${name}_dispose(void *)`)
    this.#fromJson = libxenlight.bind(`int libxl_${name}_from_json(void *, void *, const char *)`)
    this.#toJson = libxenlight.bind(`void *libxl_${name}_to_json(void *, void *)`)
    using probe = new NativeMemory(PROBE_BYTES)
    this.bytes = writtenBytes(probe.view, () => this.#init(probe.at))
  }

  /** A struct with libxl's defaults. */
  empty(): LibxlStruct {
    const memory = new NativeMemory(this.bytes)
    const at = memory.at
    this.#init(at)
    const end = (): void => {
      this.#dispose(at)
      memory[Symbol.dispose]()
    }
    return { at, [Symbol.dispose]: end }
  }

  /**
   * A struct from JSON, read strictly. Throws `internal`, with the JSON path of the first thing that libxl does not
   * understand as it was meant: what reaches this point was made by us.
   * `ctx` logs what libxl says; see json-context.ts for one that needs no Xen.
   */
  fromJson(ctx: Pointer, document: JsonObject): LibxlStruct {
    const text = JSON.stringify(document)
    const isUnderstood = text === this.#understood
    const hazard = isUnderstood ? null : findHazard(document)
    if (hazard !== null) throw this.#misread(hazard)
    const struct = this.empty()
    try {
      const rc = this.#fromJson(ctx, struct.at, text)
      if (rc !== 0) throw this.#misread({ path: 'the document', why: `libxl refuses it with ${rc}` })
      if (isUnderstood) return struct
      const difference = findDifference(
        document,
        this.toJson(struct.at),
        (other) => this.#roundTrip(ctx, other),
        this.#known,
      )
      if (difference !== null) throw this.#misread(difference)
      this.#understood = text
      return struct
    } catch (error) {
      struct[Symbol.dispose]()
      throw error
    }
  }

  /** What is in a struct. libxl omits defaults: 0, false, empty lists, an enumeration's first member. */
  toJson(at: Pointer): JsonObject {
    const text = this.#toJson(null, at)
    if (text === null) throw fail('internal', { what: `libxl cannot write its ${this.#name} as JSON` })
    try {
      return JSON.parse(readText(text)) as JsonObject
    } finally {
      free(text)
    }
  }

  #roundTrip(ctx: Pointer, document: JsonObject): JsonObject | null {
    using struct = this.empty()
    return this.#fromJson(ctx, struct.at, JSON.stringify(document)) === 0 ? this.toJson(struct.at) : null
  }

  #misread({ path, why }: Difference): Error {
    return fail('internal', { what: `libxl would misread its ${this.#name}`, where: path, why })
  }
}
