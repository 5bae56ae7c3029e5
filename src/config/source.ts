/** Places in a text, and what is said about them. */

/** A place in a definition; line and column count from 1, columns in UTF-16 units. */
export interface Position {
  readonly line: number
  readonly column: number
}

export interface Where extends Position {
  readonly file: string
}

/** Something a definition says that loads, but probably does not mean what its author thinks. */
export interface Warning {
  readonly where: Where
  /** The key it is about, if it is about one. */
  readonly key?: string | undefined
  readonly message: string
  readonly fix?: string | undefined
}

/** A mistake because of which a definition does not load. */
export interface Mistake extends Warning {
  readonly kind: 'syntax' | 'invalid'
}

export const atText = (where: Where): string => `${where.file}:${where.line}:${where.column}`
