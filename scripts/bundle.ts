/**
 * Bundles the programs into dist/, one file each and chunks that they share. koffi stays outside, since it loads a
 * native file beside itself.
 */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Plugin, build } from 'esbuild'

/** The programs by the names that src/daemon/entry-files.ts and packaging/ know. */
const entryPoints = {
  tetrarchd: 'src/daemon/main.ts',
  'libxl-worker': 'src/libxl/worker.ts',
  pygrub: 'src/pygrub/drop-in-main.ts',
  tetrarch: 'src/cli/main.ts',
}

/** Messages of zod in forty languages are half of its size; ours are English. */
const englishOnly: Plugin = {
  name: 'english-only',
  setup: ({ onLoad }) => {
    onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, ({ path }) => ({
      contents: "export { default as en } from './en.js'",
      resolveDir: dirname(path),
    }))
  },
}

/**
 * Takes Node's own modules as they are. An `import` of one reads all its properties, also those that load on first use:
 * that of node:http loads the whole fetch client, which is twice the start-up time of everything else.
 */
const builtinsUnread: Plugin = {
  name: 'builtins-unread',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'builtin' } : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('${path}')`,
    }))
  },
}

const sandbox = 'boot-sandbox'
const root = join(import.meta.dirname, '..')
const started = performance.now()
const missing = Object.values(entryPoints).filter((file) => !existsSync(join(root, file)))
if (missing.length > 0) throw new Error(`no ${missing.join(', ')}`)

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints,
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  external: ['koffi'],
  plugins: [englishOnly, builtinsUnread],
  sourcemap: 'linked',
  sourcesContent: false,
  metafile: true,
  // CommonJS dependencies ask for Node's own modules with require, which an ES module does not have.
  banner: {
    js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
  },
  logLevel: 'warning',
})

/** Starts for every boot, so it is one small file of its own: without chunks, and without what only people read. */
await build({
  absWorkingDir: root,
  entryPoints: ['src/pygrub/sandbox-main.ts'],
  outfile: `dist/${sandbox}.mjs`,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  plugins: [builtinsUnread],
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: 'warning',
})

// Chunks of an earlier build; a package that was built beside them stays.
const stale = readdirSync(join(root, 'dist')).filter(
  (name) => /\.mjs(\.map)?$/.test(name) && name !== `${sandbox}.mjs` && !(`dist/${name}` in metafile.outputs),
)
for (const name of stale) rmSync(join(root, 'dist', name))

for (const file of [...Object.keys(entryPoints), sandbox].map((name) => `dist/${name}.mjs`)) {
  const bytes = statSync(join(root, file)).size
  const shared = metafile.outputs[file]?.imports.filter(({ kind }) => kind === 'import-statement').length ?? 0
  console.error(`build: ${file} ${Math.ceil(bytes / 1024)} KiB, ${shared} shared chunks`)
}
console.error(`build: done in ${((performance.now() - started) / 1000).toFixed(1)} s`)
