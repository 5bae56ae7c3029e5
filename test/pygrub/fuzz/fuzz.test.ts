/**
 * Damages disks and menus at random and reads them as the sandbox does. Nothing may happen that the error table has no
 * word for, and no budget may be passed unnoticed. FUZZ_SECONDS says how long, FUZZ_SEED what the numbers begin with;
 * `npm run fuzz` takes ten minutes. What is found lies in build/fuzz, and becomes a test beside what it was found in.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../fixtures/images.ts'
import { type Campaign, campaign, type Target } from './campaign.ts'
import { type Damage, moreDamage, type Place, traced, withDamage } from './damage.ts'
import { type DamagedImage, fuzzedDisks } from './disks.ts'
import { damagedMenus, type Menus, menus, readMenus } from './menus.ts'
import { readEverything } from './read-everything.ts'

const SECONDS = Number(process.env['FUZZ_SECONDS'] ?? 8)
const SEED = Number(process.env['FUZZ_SEED'] ?? 1)
const BUILD = join(import.meta.dirname, '../../../build/fuzz')

interface Disk {
  /** For each image. */
  readonly damage: readonly Damage[]
  readonly places: readonly (readonly Place[])[]
}

function diskTarget(images: readonly DamagedImage[]): Target<Disk> & { filesRead: number } {
  const read = (damage: readonly Damage[]) => {
    const files = images.map(({ format, source }, index) => ({ format, ...traced(withDamage(source, damage[index]!)) }))
    const outcome = readEverything(files.map(({ format, source }) => ({ format, file: source })))
    return { outcome, places: files.map(({ places }) => places) }
  }
  const none = images.map((): Damage => new Map())
  const { outcome, places } = read(none)
  return {
    filesRead: outcome.filesRead,
    start: { damage: none, places },
    damaged({ damage }, random) {
      // Where this one is read; what that throws was found when it was new.
      const now = read(damage).places
      const which = random(images.length)
      // An image that is refused leaves the one above it unread.
      const where = now[which]!.length > 0 ? now[which]! : places[which]!
      const worse = moreDamage(images[which]!.source, where, damage[which]!, random)
      return { damage: damage.with(which, worse), places: now }
    },
    use: ({ damage }) => read(damage).outcome.words,
    describe: ({ damage }) => damage.map((each) => [...each]),
  }
}

const menuTarget = (start: Menus): Target<Menus> => ({
  start,
  damaged: damagedMenus,
  use: readMenus,
  describe: (texts) => texts,
})

/** Runs one campaign, keeps what it found, and says what it did. */
function fuzz<Input>(name: string, target: Target<Input>, shareOfTime: number): Campaign {
  const result = campaign(target, { seed: SEED, ms: SECONDS * 1000 * shareOfTime })
  if (result.findings.length > 0) {
    mkdirSync(BUILD, { recursive: true })
    for (const [index, { input, what }] of result.findings.entries()) {
      writeFileSync(join(BUILD, `${name.replaceAll(' ', '-')}-${index}.json`), JSON.stringify({ name, input, what }))
    }
  }
  const { rounds, kept, slowestMs } = result
  if (SECONDS > 60)
    process.stdout.write(`${name}: ${rounds} rounds, ${kept} kept, slowest ${slowestMs.toFixed(0)} ms\n`)
  return result
}

const disks = fuzzedDisksOnce()
function fuzzedDisksOnce(): () => ReturnType<typeof fuzzedDisks> {
  let made: ReturnType<typeof fuzzedDisks> | null = null
  return () => (made ??= fuzzedDisks(temporaryFolder))
}

test('disks, damaged at random, are read or refused', { timeout: SECONDS * 2000 + 60_000 }, () => {
  const all = Object.entries(disks())
  for (const [name, images] of all) {
    const target = diskTarget(images)
    expect(target.filesRead, name).toBeGreaterThan(0)
    expect(fuzz(name, target, 0.7 / all.length).findings, name).toEqual([])
  }
})

test('menus, damaged at random, are read or refused', { timeout: SECONDS * 2000 + 60_000 }, () => {
  const all = Object.entries(menus)
  for (const [name, texts] of all) expect(fuzz(name, menuTarget(texts), 0.3 / all.length).findings, name).toEqual([])
})
