/** The units as systemd itself judges them, without running one. */
import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

const ROOT = resolve(import.meta.dirname, '../..')
const line = z.object({ name: z.string(), exposure: z.string().nullable(), set: z.boolean().nullable() })

function analyze(
  unit: string,
  ...options: readonly string[]
): { readonly status: number | null; readonly stdout: string } {
  const words = ['security', '--offline=true', '--no-pager', ...options, join(ROOT, 'systemd', unit)]
  return spawnSync('systemd-analyze', words, { encoding: 'utf8' })
}

describe('systemd-analyze security', () => {
  // In tenths: 49 is 4.9.
  test.each([
    ['tetrarchd.service', 49],
    ['tetrarch-guests.service', 15],
    ['tetrarch-guests-stop.service', 15],
  ])('gives %s no more than %i', (unit, most) => {
    expect(analyze(unit, `--threshold=${most}`).status).toBe(0)
    expect(analyze(unit, `--threshold=${most - 10}`).status).toBe(1)
  })

  test('finds nothing in tetrarchd.service that docs/security.md does not explain, and all that it explains', async () => {
    const lines = z.array(line).parse(JSON.parse(analyze('tetrarchd.service', '--json=short').stdout))
    const against = lines.filter(({ exposure }) => exposure !== null).map(({ name }) => name)
    const page = await readFile(join(ROOT, 'docs/security.md'), 'utf8')
    const list = page.slice(page.indexOf('What it still counts'), page.indexOf('Who needs one of them back'))
    expect(against.filter((name) => !list.includes(`\`${name}\``))).toEqual([])
    const explained = [...list.matchAll(/^- (`.*?`): /gms)].flatMap(([, names = '']) =>
      [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
    )
    expect(explained.filter((name) => name !== undefined && !against.includes(name))).toEqual([])
  })
})

test.each(['tetrarchd.service', 'tetrarch-guests.service', 'tetrarch-guests-stop.service'])(
  '%s says nothing that systemd does not know',
  (unit) => {
    const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', join(ROOT, 'systemd', unit)], {
      encoding: 'utf8',
    })
    expect(stderr).not.toMatch(/Unknown|Failed to parse|Invalid|ignoring/i)
  },
)
