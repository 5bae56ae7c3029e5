/**
 * Bundles the programs, one file each and chunks that they share. koffi stays outside, since it loads a native file
 * beside itself. Run as a program, it writes all of them into dist/.
 */
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type BuildOptions, type Metafile, type Plugin, build } from 'esbuild'
import { keepBytecode } from './bytecode.ts'

/** The programs by the names that src/daemon/entry-files.ts and packaging/ know. */
const services = {
  tetrarchd: 'src/daemon/main.ts',
  'libxl-worker': 'src/libxl/worker.ts',
  pygrub: 'src/pygrub/drop-in-main.ts',
}
const cli = { tetrarch: 'src/cli/start.ts' }
const cliScript = { tetrarch: 'src/cli/main.ts' }
/** What of the definitions the CLI loads on demand, by the names that `besideCli` gives them. */
const cliDefinitions = Object.fromEntries(
  ['load', 'write', 'similar', 'lint/lint', 'lint/neighbour'].map((file) => [besideCli(file), `src/config/${file}.ts`]),
)
const sandbox = { 'boot-sandbox': 'src/pygrub/sandbox-start.ts' }
/** What it starts: bytecode is kept of a script, not of a module (bytecode.ts). */
const sandboxScript = { 'boot-sandbox': 'src/pygrub/sandbox-main.ts' }

function besideCli(file: string): string {
  return `cli-${file.replace(/^.*\//, '').replace(/\.ts$/, '')}`
}

/** A script that starts from bytecode cannot import; what reads definitions lies beside the file that started it. Of the package's files the compiled code is kept. */
const besideIt = (file: string): string => `(({ createRequire, enableCompileCache }) => {
    if (process.argv[1].startsWith('/usr/lib/tetrarch/')) enableCompileCache('/var/cache/tetrarch/compiled')
    return createRequire(process.argv[1])('./${besideCli(file)}.mjs')
  })(process.getBuiltinModule('node:module'))`

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
 * Takes from Node's own modules only what is used. An `import` of one reads all its properties, also those that load on
 * first use: that of node:http loads the whole fetch client, that of node:util the threads, which takes longer than our
 * own code. `onFirstCall` names modules of functions that are to be loaded when one of these is called.
 */
const builtins = (onFirstCall: readonly string[] = []): Plugin => ({
  name: 'builtins',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'builtin' } : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'builtin' }, async ({ path }) => {
      const all = `process.getBuiltinModule('${path}')`
      const how = onFirstCall.includes(path)
        ? [
            `const take = (name) => (...args) => ${all}[name](...args)`,
            `export default new Proxy({}, { get: (_, name) => ${all}[name] })`,
          ]
        : [`const all = ${all}`, 'const take = (name) => all[name]', 'export default all']
      // What is not used is left out, as the comment allows.
      const names = Object.keys((await import(path)) as object).filter(
        (name) => /^\w+$/.test(name) && name !== 'default',
      )
      return {
        contents: [...how, ...names.map((name) => `export const ${name} = /* @__PURE__ */ take('${name}')`)].join('\n'),
      }
    })
  },
})
const rarelyCalled = ['child_process', 'os', 'readline', 'readline/promises', 'util'].map((name) => `node:${name}`)

/**
 * What the CLI's own files load on demand goes into its one file all the same: every further file costs a start more
 * than to read all of them at once. What reads definitions stays apart, since the schema library is large (`besideIt`).
 */
const onDemandAtOnce: Plugin = {
  name: 'on-demand-at-once',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\/src\/cli\/.*\.ts$/ }, ({ path }) => {
      const imports: string[] = []
      const text = readFileSync(path, 'utf8').replaceAll(/\bimport\('(\.[^']+)'\)/g, (_, file: string) => {
        if (file.includes('/config/')) return `Promise.resolve(${besideIt(file)})`
        return `Promise.resolve(onDemand${imports.push(file)})`
      })
      const statements = imports.map((file, index) => `import * as onDemand${index + 1} from '${file}'`)
      return { contents: [text, ...statements].join('\n'), loader: 'ts' }
    })
  },
}

const root = join(import.meta.dirname, '..')
const programs = { ...services, ...sandbox }

const everywhere: BuildOptions = {
  ...{ absWorkingDir: root, outExtension: { '.js': '.mjs' }, external: ['koffi'] },
  ...{ bundle: true, format: 'esm', platform: 'node', target: 'node24', metafile: true, logLevel: 'warning' },
}
const split: BuildOptions = { splitting: true, sourcemap: 'linked', sourcesContent: false }
const small: BuildOptions = { minifyWhitespace: true, minifySyntax: true }

const bundles = {
  services: {
    ...{ ...split, entryPoints: services, plugins: [englishOnly, builtins()] },
    // CommonJS dependencies ask for Node's own modules with require, which an ES module does not have.
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
    },
  },
  cli: {
    ...{ ...small, entryPoints: cli, plugins: [builtins()] },
    ...{ format: 'cjs', outExtension: { '.js': '.cjs' } },
  },
  cliScript: {
    ...{ ...small, entryPoints: cliScript },
    ...{ plugins: [builtins(rarelyCalled), onDemandAtOnce] },
    ...{ format: 'iife', outExtension: { '.js': '.js' } },
  },
  cliDefinitions: { ...split, ...small, entryPoints: cliDefinitions, plugins: [englishOnly, builtins()] },
  // Starts for every boot, so it is one small file of its own: without chunks, and without what only people read.
  sandbox: { ...small, entryPoints: sandbox, plugins: [builtins()] },
  sandboxScript: {
    ...{ ...small, entryPoints: sandboxScript, plugins: [builtins()] },
    ...{ format: 'iife', outExtension: { '.js': '.js' } },
  },
} satisfies Record<string, BuildOptions>

/** Writes some of the programs into a folder; returns what esbuild tells of its files. */
async function bundle(name: keyof typeof bundles, outdir: string): Promise<Metafile['outputs']> {
  const { metafile } = await build({ ...everywhere, ...bundles[name], outdir })
  const outputs = metafile?.outputs ?? {}
  for (const file of Object.keys(outputs)) if (!file.endsWith('.map')) toAscii(join(root, file))
  return outputs
}

/** V8 holds ASCII in half the memory. esbuild escapes it in code; what it leaves stands in comments. */
function toAscii(file: string): void {
  const text = readFileSync(file, 'utf8')
  const ascii = text.replaceAll(/[^\0-\x7f]/gu, '?')
  if (ascii !== text) writeFileSync(file, ascii)
}

/** Writes the boot loader's sandbox: its program, the bytecode of it, and what starts it from there. */
export async function bundleSandbox(outdir: string): Promise<Metafile['outputs']> {
  const [start, script] = await Promise.all([bundle('sandbox', outdir), bundle('sandboxScript', outdir)])
  await keepBytecode(resolve(root, outdir, 'boot-sandbox.js'))
  return { ...start, ...script }
}

/** Writes the CLI: its program, the bytecode of it, what starts it from there, and what it loads on demand. */
export async function bundleCli(outdir: string): Promise<Metafile['outputs']> {
  const made = await Promise.all([bundle('cli', outdir), bundle('cliScript', outdir), bundle('cliDefinitions', outdir)])
  await keepBytecode(resolve(root, outdir, 'tetrarch.js'))
  const outputs: Metafile['outputs'] = Object.assign({}, ...made)
  return outputs
}

async function bundleAll(outdir: string): Promise<void> {
  const started = performance.now()
  const missing = Object.values({ ...programs, ...cli, ...cliScript }).filter((file) => !existsSync(join(root, file)))
  if (missing.length > 0) throw new Error(`no ${missing.join(', ')}`)
  const outputs = await Promise.all([bundle('services', outdir), bundleCli(outdir), bundleSandbox(outdir)])
  const made: Metafile['outputs'] = Object.assign({}, ...outputs)
  // Chunks of an earlier build; a package that was built beside them stays.
  const isStale = (name: string) => /\.mjs(\.map)?$/.test(name) && !(`${outdir}/${name}` in made)
  for (const name of readdirSync(join(root, outdir)).filter(isStale)) rmSync(join(root, outdir, name))
  const files = [
    ...Object.keys(programs).map((name) => `${name}.mjs`),
    ...Object.keys(cliScript).map((name) => `${name}.js`),
  ]
  for (const file of files.map((name) => `${outdir}/${name}`)) {
    const bytes = statSync(join(root, file)).size
    const shared = made[file]?.imports.filter(({ kind }) => kind === 'import-statement').length ?? 0
    console.error(`build: ${file} ${Math.ceil(bytes / 1024)} KiB, ${shared} shared chunks`)
  }
  console.error(`build: done in ${((performance.now() - started) / 1000).toFixed(1)} s`)
}

if (import.meta.main) await bundleAll('dist')
