/** What we use of Xen Orchestra's query language, which comes without types. */
declare module 'complex-matcher' {
  interface Node {
    match(value: unknown): boolean
    /** Of a property: its name, and what its value is compared with. */
    readonly name?: string
    readonly child?: Node
    /** Of a group. */
    readonly children?: readonly Node[]
  }
  /** Throws an Error for a text that is no query. */
  export function parse(text: string): Node
}
