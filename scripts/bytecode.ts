/**
 * Bytecode of a script, as V8 keeps it: the whole script compiled when it is built instead of at every start. V8 takes it
 * only in the same version with the same flags, and compiles otherwise. The same script gives the same bytes.
 */
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { Script } from 'node:vm'

/** By chance V8 would lay things out otherwise each time. */
const FIXED = ['--hash-seed=1', '--random-seed=1']
/** V8 compares the flags of the time when the bytecode is taken out. */
const DEFAULTS = ['--lazy', '--hash-seed=0', '--random-seed=0']

/** Writes the bytecode of a script beside it, as NAME.bytecode for NAME.js. */
export async function keepBytecode(file: string): Promise<void> {
  await promisify(execFile)(process.execPath, [...FIXED, import.meta.filename, file])
}

function compileAll(file: string): void {
  const code = readFileSync(file, 'latin1')
  setFlagsFromString('--no-lazy')
  const script = new Script(code, { filename: file.replace(/^.*\//, '') })
  for (const flag of DEFAULTS) setFlagsFromString(flag)
  writeFileSync(file.replace(/\.js$/, '.bytecode'), script.createCachedData())
}

const [, , file] = process.argv
if (import.meta.main && file !== undefined) compileAll(file)
