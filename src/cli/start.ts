/**
 * Starts the CLI from the bytecode that was made of it (scripts/bytecode.ts): half of what it would take otherwise is reading
 * its own source. Where V8 does not know the bytecode, or it is not there, the program is compiled as any other.
 */
import { existsSync, readFileSync } from 'node:fs'
import { Script } from 'node:vm'

/** This file becomes a CommonJS one, which starts sooner than an ES module. */
declare const __filename: string

const beside = __filename.replace(/\.cjs$/, '')
const bytecode = `${beside}.bytecode`
// The bundle is ASCII, which V8 holds in half the memory.
new Script(readFileSync(`${beside}.js`, 'latin1'), {
  filename: `${beside}.js`,
  ...(existsSync(bytecode) && { cachedData: readFileSync(bytecode) }),
}).runInThisContext()
