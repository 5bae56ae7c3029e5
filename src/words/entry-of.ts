/** The entry of a table for a word that somebody wrote, where `constructor` and `__proto__` are words like others. */
export const entryOf = <T>(table: Readonly<Record<string, T>>, word: string): T | undefined =>
  Object.hasOwn(table, word) ? table[word] : undefined
