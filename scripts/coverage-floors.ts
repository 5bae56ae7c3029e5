/** Compares the coverage of each folder of src/ with its floor. Floors only rise: by --raise, and never by hand downwards. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { z } from 'zod'

const ROOT = join(import.meta.dirname, '..')
const FLOORS = join(ROOT, 'scripts/coverage-floors.json')

const summary = z.record(z.string(), z.object({ lines: z.object({ total: z.number(), covered: z.number() }) }))
const floorsFile = z.record(z.string(), z.number())

export type Summary = z.infer<typeof summary>
export type Floors = Readonly<Record<string, number>>

/** Percent of the lines of each folder that ran, rounded down to a whole one, by its name: `src/words`. */
export function coverageOf(files: Summary, root: string): Floors {
  const folders = new Map<string, { total: number; covered: number }>()
  for (const [file, { lines }] of Object.entries(files)) {
    const [top, folder] = relative(root, file).split('/')
    if (top !== 'src' || folder === undefined) continue
    const sum = folders.get(`src/${folder}`) ?? { total: 0, covered: 0 }
    folders.set(`src/${folder}`, { total: sum.total + lines.total, covered: sum.covered + lines.covered })
  }
  const percent = ({ total, covered }: { total: number; covered: number }) =>
    total === 0 ? 100 : Math.floor((covered / total) * 100)
  return Object.fromEntries([...folders].map(([folder, sum]) => [folder, percent(sum)]))
}

/** Folders below their floor, in sentences. */
export const below = (reached: Floors, floors: Floors): readonly string[] =>
  Object.entries(floors).flatMap(([folder, floor]) => {
    const percent = reached[folder]
    if (percent === undefined || percent >= floor) return []
    return [`${folder}: ${percent} % of its lines are run by unit tests, and it had ${floor} %`]
  })

/** The floors after a run: each as high as it ever was. */
export const raised = (reached: Floors, floors: Floors): Floors =>
  Object.fromEntries(
    Object.entries(reached)
      .map(([folder, percent]): [string, number] => [folder, Math.max(percent, floors[folder] ?? 0)])
      .toSorted(([one], [other]) => one.localeCompare(other)),
  )

const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'))

if (import.meta.main) {
  const measured = join(ROOT, 'build/coverage/coverage-summary.json')
  if (!existsSync(measured)) {
    console.error('coverage: nothing was measured, as when a unit test failed')
    process.exit(1)
  }
  const reached = coverageOf(summary.parse(readJson(measured)), ROOT)
  const floors = floorsFile.parse(readJson(FLOORS))
  for (const [folder, percent] of Object.entries(reached))
    console.error(`coverage: ${folder.padEnd(16)} ${String(percent).padStart(3)} %, floor ${floors[folder] ?? 0} %`)
  const sunk = below(reached, floors)
  for (const line of sunk) console.error(`coverage: ${line}`)
  if (process.argv.includes('--raise')) writeFileSync(FLOORS, `${JSON.stringify(raised(reached, floors), null, 2)}\n`)
  process.exitCode = sunk.length > 0 ? 1 : 0
}
