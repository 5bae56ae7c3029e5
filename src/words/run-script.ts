import { existsSync, readFileSync } from 'node:fs'
import { Script } from 'node:vm'

/**
 * Runs NAME.js from NAME.bytecode, which was made of it (scripts/bytecode.ts). Where V8 does not know the bytecode, or it is
 * not there, the script is compiled as any other.
 */
export function runScript(name: string): void {
  const bytecode = `${name}.bytecode`
  // The bundle is ASCII, which V8 holds in half the memory.
  new Script(readFileSync(`${name}.js`, 'latin1'), {
    filename: `${name}.js`,
    ...(existsSync(bytecode) && { cachedData: readFileSync(bytecode) }),
  }).runInThisContext()
}
