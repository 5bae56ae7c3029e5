/**
 * Starts the sandbox's program from the bytecode that was made of it (scripts/bytecode.ts), which takes a tenth off a whole
 * extraction. Where V8 does not know the bytecode, or it is not there, the program is compiled as any other.
 */
import { existsSync, readFileSync } from 'node:fs'
import { Script } from 'node:vm'

const beside = import.meta.filename.replace(/\.mjs$/, '')
const bytecode = `${beside}.bytecode`
// The bundle is ASCII, which V8 holds in half the memory.
new Script(readFileSync(`${beside}.js`, 'latin1'), {
  filename: `${beside}.js`,
  ...(existsSync(bytecode) && { cachedData: readFileSync(bytecode) }),
}).runInThisContext()
