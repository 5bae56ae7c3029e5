/** The CLI as the package has it, made once before the unit tests: it starts in half of the time that its sources need. */
import { join } from 'node:path'
import { bundleCli } from '../scripts/bundle.ts'

const FOLDER = 'build/test-cli'

export const CLI = join(import.meta.dirname, '..', FOLDER, 'tetrarch.cjs')

/** vitest's globalSetup. */
export default async function setup(): Promise<void> {
  await bundleCli(FOLDER)
}
