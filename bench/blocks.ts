/** docs/benchmarks.md is written by two programs: what the boot loader costs is a block of its own at the end. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const PATH = 'docs/benchmarks.md'
const [BEGIN, END] = ['<!-- boot loader: made by npm run bench -- boot-loader -->', '<!-- /boot loader -->']

function parts(): { before: string; block: string } {
  const text = existsSync(PATH) ? readFileSync(PATH, 'utf8') : ''
  const at = text.indexOf(BEGIN)
  return at < 0 ? { before: text, block: '' } : { before: text.slice(0, at), block: text.slice(at) }
}

/** Writes all but the boot loader's block, which stays. */
export function writeReport(text: string): void {
  const { block } = parts()
  write(block === '' ? text : `${text.trimEnd()}\n\n${block}`)
}

/** Writes the boot loader's block; what is before it stays. */
export function writeBootLoaderBlock(text: string): void {
  const { before } = parts()
  write(`${before.trim() === '' ? '# Benchmarks' : before.trimEnd()}\n\n${BEGIN}\n\n${text}\n\n${END}\n`)
}

function write(text: string): void {
  writeFileSync(PATH, text)
  execFileSync('prettier', ['--log-level', 'warn', '--write', PATH])
}
