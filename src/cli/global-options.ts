/** Options that every command takes: flags and what they do. */
export const globalOptions: readonly (readonly [flags: string, description: string])[] = [
  ['--json', 'print JSON, also for errors'],
  ['-q, --quiet', 'print no remarks and no progress'],
  ['--socket <path>', 'socket of the daemon (default: $TETRARCH_SOCKET, else /run/tetrarch/tetrarchd.sock)'],
]
export const versionOption = ['-V, --version', 'show the version'] as const
export const helpOption = ['-h, --help', 'show this help'] as const
