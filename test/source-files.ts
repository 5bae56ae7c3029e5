/** The source files and what they import, for the tests of the architecture. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'

const root = join(import.meta.dirname, '..')

export interface SourceFile {
  /** From the root of the checkout: src/words/ids.ts */
  readonly path: string
  readonly text: string
  /** Files of ours, as paths like the one above; types alone count as well. */
  readonly imports: readonly string[]
  /** Packages and Node's own modules. */
  readonly packages: readonly string[]
}

export const sourceFiles: readonly SourceFile[] = globSync('src/**/*.ts', { cwd: root })
  .toSorted()
  .map((path) => {
    const text = readFileSync(join(root, path), 'utf8')
    const names = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName)
    const inside = (name: string) => relative(root, join(root, dirname(path), name))
    return {
      path,
      text,
      imports: names.filter((name) => name.startsWith('.')).map(inside),
      packages: names.filter((name) => !name.startsWith('.')),
    }
  })

/** All files that a program loads, now or later, from its first one on. */
export function reachableFrom(first: string): ReadonlySet<string> {
  const byPath = new Map(sourceFiles.map((file) => [file.path, file]))
  const reached = new Set<string>()
  const queue = [first]
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (reached.has(path)) continue
    reached.add(path)
    queue.push(...(byPath.get(path)?.imports ?? []))
  }
  return reached
}
