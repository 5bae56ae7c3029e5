import { expect, test } from 'vitest'
import { modeComparisons } from './mode-comparisons.ts'
import { type SourceFile, reachableFrom, sourceFiles } from './source-files.ts'

/** Which folders of src/ a folder may import from, besides itself. docs/architecture.md draws it. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  words: [],
  config: ['words'],
  modes: ['words', 'config'],
  xenstore: ['words', 'config', 'modes'],
  libxl: ['words', 'config', 'modes'],
  'boot-menu': ['words'],
  pygrub: ['words', 'config', 'modes', 'boot-menu'],
  qemu: ['words', 'config', 'modes', 'xenstore'],
  api: ['words', 'config'],
  daemon: ['words', 'config', 'modes', 'xenstore', 'libxl', 'pygrub', 'qemu', 'api'],
  cli: ['words', 'config', 'api', 'boot-menu'],
}

const folderOf = (path: string): string => path.split('/')[1] ?? ''
/** The file beside package.json that holds the version is no folder of ours. */
const ofOurs = (path: string): boolean => path.startsWith('src/')

test('each folder is known, and imports only what stands before it', () => {
  const wrong = sourceFiles.flatMap(({ path, imports }) => {
    const folder = folderOf(path)
    const allowed = [folder, ...(mayImport[folder] ?? [])]
    return imports.filter((file) => ofOurs(file) && !allowed.includes(folderOf(file))).map((file) => `${path}: ${file}`)
  })
  expect(wrong).toEqual([])
  expect(sourceFiles.map(({ path }) => folderOf(path)).filter((folder) => !(folder in mayImport))).toEqual([])
})

test('native code has one door: koffi is imported in src/libxl/ffi.ts alone', () => {
  expect(sourceFiles.filter(({ packages }) => packages.includes('koffi')).map(({ path }) => path)).toEqual([
    'src/libxl/ffi.ts',
  ])
})

test('nothing but src/modes compares the name of a mode', () => {
  const outside = sourceFiles.filter(({ path }) => folderOf(path) !== 'modes')
  expect(outside.flatMap(modeComparisons)).toEqual([])
})

test('a comparison with a mode is found where there is one', () => {
  const file = (text: string): SourceFile => ({ path: 'x.ts', text, imports: [], packages: [] })
  expect(modeComparisons(file("if (mode === 'pvh') f()"))).toEqual(["x.ts:1: mode === 'pvh'"])
  expect(modeComparisons(file("switch (mode.name) { case 'pvhvm': f() }"))).toHaveLength(1)
  expect(modeComparisons(file("if (mode.libxlType === 'pvh') f()"))).toHaveLength(1)
})

test('the daemon never loads libxenlight, which forks: only its workers do', () => {
  const loaders = sourceFiles.filter(({ text }) => /import \{[^}]*\bloadXenlight\b/.test(text)).map(({ path }) => path)
  expect(loaders).not.toEqual([])
  const daemon = reachableFrom('src/daemon/main.ts')
  expect(loaders.filter((path) => daemon.has(path))).toEqual([])
  const worker = reachableFrom('src/libxl/worker.ts')
  expect(loaders.every((path) => worker.has(path))).toBe(true)
})

test.each(['src/cli/main.ts', 'src/pygrub/sandbox-main.ts'])('%s loads nothing native', (program) => {
  expect(reachableFrom(program)).not.toContain('src/libxl/ffi.ts')
})
