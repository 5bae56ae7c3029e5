/** Environment variables that the command reads, for tetrarch(1). test/docs/manual-pages.test.ts compares them with the source. */
export const environment: readonly (readonly [name: string, meaning: string])[] = [
  ['TETRARCH_SOCKET', 'Socket of the daemon, where --socket is not given.'],
  ['TETRARCH_DEBUG', 'When set to anything, an error of the code `internal` is followed by its stack.'],
  ['VISUAL, EDITOR', 'The editor of `tetrarch edit`; vi where neither is set.'],
  ['NODE_OPTIONS', 'Left alone: the runtime is the own one of tetrarch.'],
  ['NO_COLOR', 'When set to anything, no colours. Output that is no terminal has none anyway.'],
]
