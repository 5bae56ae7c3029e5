// Writes the completions below the folder given, each where its shell looks for it, from the tables of the program.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { bashCompletion } from './bash.ts'
import { fishCompletion } from './fish.ts'
import { zshCompletion } from './zsh.ts'

const files = {
  'usr/share/bash-completion/completions/tetrarch': bashCompletion(),
  'usr/share/zsh/vendor-completions/_tetrarch': zshCompletion(),
  'usr/share/fish/vendor_completions.d/tetrarch.fish': fishCompletion(),
}

const [root = 'build/completion'] = process.argv.slice(2)
for (const [name, text] of Object.entries(files)) {
  mkdirSync(dirname(join(root, name)), { recursive: true })
  writeFileSync(join(root, name), text)
}
