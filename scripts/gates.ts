/**
 * Runs the gates of the parts that are named on the command line, all of them even after one has failed, and sums up.
 * `check` and `release` need nothing but this machine, `lab` boots real Xen (lab/README.md).
 */
import { LACKS } from '../lab/flavours.ts'
import { type Gate, type Verdict, counts, judge, program, sum, tests } from './gate.ts'

/** Two at a time: that is what fills a small machine. The longest come first. */
const LANES = 2

const wanted = process.argv.slice(2)
/** Where coverage is judged, the thorough tests run in the same run as the unit tests: together they reach it. */
const isRelease = wanted.includes('release')
const unitTests = isRelease
  ? tests('unit and thorough tests', ['unit', 'thorough'], { options: ['--coverage.enabled'] })
  : tests('unit tests', ['unit'])

const lint = ['eslint', '--cache', '--cache-location', 'build/eslint', '--cache-strategy', 'content', '.']
const checkGates: readonly Gate[] = [
  program('lint', lint),
  unitTests,
  tests('native tests', ['native']),
  program('types', ['tsc', '-p', '.']),
  program('unused code', ['knip', '--no-progress', '--no-config-hints']),
  program('format', [
    'prettier',
    '--check',
    '--log-level',
    'warn',
    '--cache',
    '--cache-location',
    'build/prettier',
    '.',
  ]),
  program('documents', ['scripts/docs', '--check']),
  program('licences', ['node', 'scripts/licences.ts']),
  program('known weaknesses', ['node', 'scripts/audit.ts']),
]

async function check(): Promise<readonly Verdict[]> {
  const packages = await judge(program('packages for tests', ['scripts/test-packages'], 'at-once'))
  const waiting = [...checkGates]
  const verdicts = [packages]
  const lane = async (): Promise<void> => {
    for (let gate = waiting.shift(); gate !== undefined; gate = waiting.shift()) verdicts.push(await judge(gate))
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  return verdicts
}

/** What takes longer and needs no lab either. The unit tests of `check` have left their coverage. */
async function release(): Promise<readonly Verdict[]> {
  const gates = [program('coverage', ['node', 'scripts/coverage-floors.ts']), program('package', ['scripts/lint-deb'])]
  const verdicts: Verdict[] = []
  for (const gate of gates) verdicts.push(await judge(gate))
  return verdicts
}

/** Environment of lab/ (lab/README.md): which lab, made of what. */
interface LabChoice {
  readonly LAB: string
  readonly LAB_FLAVOUR?: string
  readonly LAB_LACKS?: string
  readonly LAB_HAS?: string
}

const { LAB_FLAVOUR = '', LAB_LACKS = '', LAB_HAS = '' } = process.env
const usual = { LAB_FLAVOUR, LAB_LACKS, LAB_HAS }

/** One after the other; what builds on a gate that failed is not tried, which counts as failed. */
async function onXen(
  choice: LabChoice,
  what: string,
  { project = 'lab', files = [] }: { readonly project?: string; readonly files?: readonly string[] } = {},
): Promise<readonly Verdict[]> {
  Object.assign(process.env, { ...usual, ...choice })
  const verdicts: Verdict[] = []
  const steps = [
    program(`lab up, ${what}`, ['lab/lab', 'up'], 'at-once'),
    program(`lab install, ${what}`, ['lab/lab', 'install'], 'at-once'),
    tests(`on real Xen, ${what}`, [project], { output: 'at-once', options: files }),
  ]
  for (const step of steps) {
    const broken = verdicts.some(({ failed }) => failed > 0)
    const notTried: Gate = {
      name: `${step.name}: not tried`,
      run: () => Promise.resolve({ passed: 0, failed: 1, skipped: 0 }),
    }
    verdicts.push(await judge(broken ? notTried : step))
  }
  if (process.env['KEEP'] === undefined) verdicts.push(await judge(program(`lab down, ${what}`, ['lab/lab', 'down'])))
  return verdicts
}

const lab = () => onXen({ LAB: process.env['LAB'] ?? 'test' }, 'all tests')

/** The newest Debian that is known, with the test that says most of it. */
const trixie = () =>
  onXen({ LAB: 'test-trixie', LAB_FLAVOUR: 'trixie' }, 'Debian 13', { files: ['test/lab/four-modes.test.ts'] })

/** Hosts of which the usual lab can say nothing. */
const lesser = async (): Promise<readonly Verdict[]> => {
  const verdicts: Verdict[] = []
  for (const lack of Object.keys(LACKS))
    verdicts.push(
      ...(await onXen({ LAB: `test-no-${lack}`, LAB_LACKS: lack }, `a host without ${lack}`, {
        project: 'lesser-hosts',
      })),
    )
  return verdicts
}

const iommu = () => onXen({ LAB: 'test-iommu', LAB_HAS: 'iommu' }, 'a host with an IOMMU', { project: 'iommu' })

/** Ten minutes of damaged disks and menus. */
const fuzz = async (): Promise<readonly Verdict[]> => [await judge(program('fuzzing', ['scripts/fuzz'], 'at-once'))]

const parts = { check, release, fuzz, lab, lesser, iommu, trixie }
const isPart = (name: string): name is keyof typeof parts => name in parts
const started = performance.now()
const verdicts: Verdict[] = []
for (const part of wanted) {
  if (!isPart(part)) throw new Error(`there is no part "${part}"; there are ${Object.keys(parts).join(' and ')}`)
  verdicts.push(...(await parts[part]()))
}
const all = sum(verdicts)
console.error(`in ${((performance.now() - started) / 1000).toFixed(0)} s`)
console.log(counts(all))
process.exitCode = all.failed > 0 ? 1 : 0
