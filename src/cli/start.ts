/** Starts the CLI from its bytecode: half of what it would take otherwise is reading its own source. */
import { runScript } from '../words/run-script.ts'

/** This file becomes a CommonJS one, which starts sooner than an ES module. */
declare const __filename: string

runScript(__filename.replace(/\.cjs$/, ''))
