#!/usr/lib/tetrarch/node --v8-pool-size=1
/**
 * Starts the CLI from its bytecode: half of what it would take otherwise is reading its own source. By the first line the
 * kernel starts the package's own runtime, with one thread beside the main one instead of four; a shell in between would
 * take as long as half of that.
 */
import { runScript } from '../words/run-script.ts'

/** This file becomes a CommonJS one, which starts sooner than an ES module. */
declare const __filename: string

// They are meant for another Node.js.
if (process.env['NODE_OPTIONS'] !== undefined) {
  delete process.env['NODE_OPTIONS']
  const words = [process.execPath, ...process.execArgv, __filename, ...process.argv.slice(2)]
  process.execve?.(process.execPath, words, process.env)
}
// What is loaded on demand lies beside this file, whatever it was called by.
process.argv[1] = __filename
runScript(__filename.replace(/\.cjs$/, ''))
