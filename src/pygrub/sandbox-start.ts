/** Starts the sandbox's program from its bytecode, which takes a tenth off a whole extraction. */
import { runScript } from '../words/run-script.ts'

runScript(import.meta.filename.replace(/\.mjs$/, ''))
