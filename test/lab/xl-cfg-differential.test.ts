/**
 * Definitions as the xl of a real dom0 reads them (`xl -N create`, which builds nothing), against what tetrarch would
 * give libxl: those of the corpus, generated ones, and the examples that Xen ships.
 */
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { dom0 } from '../../lab/dom0.ts'
import type { GuestSpec } from '../../src/config/guest-spec.ts'
import type { HostCpus } from '../../src/config/specs/cpus.ts'
import { writeGuest } from '../../src/config/write.ts'
import type { JsonObject } from '../../src/libxl/requests.ts'
import { arbitraryGuest } from '../config/arbitrary-guest.ts'
import { judge, recorded, withoutUuid } from '../config/corpus/differential.ts'
import { snippets } from '../config/corpus/snippets.ts'

const BATCH_MS = 280_000

/** What xl makes of each text; null where it refuses. */
async function askXl(texts: readonly string[]): Promise<readonly (JsonObject | null)[]> {
  const script = `
    cd "$(mktemp -d -p /dev/shm)"
    while read -r text; do
      printf %s "$text" | base64 -d > guest.cfg
      if xl -N create guest.cfg > out 2> /dev/null; then base64 -w 0 out; else printf refused; fi
      echo
    done
    rm -r "$PWD"`
  const stdin = texts.map((text) => `${Buffer.from(text).toString('base64')}\n`).join('')
  const lines = (await dom0.sh(script, { stdin, timeoutMs: BATCH_MS })).split('\n')
  return texts.map((text, index) => {
    const line = lines[index] ?? ''
    if (line === 'refused') return null
    const config = JSON.parse(Buffer.from(line, 'base64').toString()) as JsonObject
    return /^uuid *=/m.test(text) ? config : withoutUuid(config)
  })
}

async function hostCpus(): Promise<HostCpus> {
  const info = await dom0.sh(`xl info | awk '$1 == "nr_cpus" || $1 == "nr_nodes" { print $3 }'`)
  const [count = 0, nodes = 0] = info.split('\n').map(Number)
  if (nodes !== 1) throw new Error('the lab is expected to have one NUMA node')
  return { count, nodes: [Array.from({ length: count }, (_, cpu) => cpu)] }
}

/** Definitions that ask for the second NUMA node, which the lab does not have. */
const wantsSecondNode = (text: string) => /pnode=1|nodes?:[01]-?1/.test(text)

async function unexplained(texts: readonly string[], said: readonly (JsonObject | null)[]): Promise<readonly string[]> {
  const host = await hostCpus()
  return texts.flatMap((text, index) =>
    judge(text, said[index] ?? null, host).map((difference) => `${difference} in ${JSON.stringify(text)}`),
  )
}

describe('the corpus', () => {
  const chosen = snippets.filter(({ text }) => !wantsSecondNode(text))
  const texts = chosen.map(({ text }) => text)
  let said: readonly (JsonObject | null)[]
  beforeAll(async () => {
    said = await askXl(texts)
  })

  test('nothing differs from the xl of dom0 but what is meant to', async () => {
    expect(await unexplained(texts, said)).toEqual([])
  })

  test('the recording says what this xl says, where the host does not matter', () => {
    const differs = chosen.filter(
      ({ name, text }, index) =>
        !/cpus|vnuma/.test(text) && JSON.stringify(said[index]) !== JSON.stringify(recorded.get(name)),
    )
    expect(differs).toEqual([])
  })
})

test('generated definitions: nothing differs from the xl of dom0 but what is meant to', async () => {
  // xl 4.17 does not know the words trusted and untrusted in a disk, and takes them for its target.
  const known = (spec: GuestSpec) => spec.disks.every(({ trusted }) => trusted === undefined)
  const specs = fc
    .sample(arbitraryGuest, { numRuns: 400, seed: 2026 })
    .filter((spec) => spec.mode !== 'auto' && known(spec))
  const texts = specs.map(writeGuest).filter((text) => !wantsSecondNode(text))
  expect(texts.length).toBeGreaterThan(100)
  expect(await unexplained(texts, await askXl(texts))).toEqual([])
})

test("Xen's own examples: nothing differs from the xl of dom0 but what is meant to", async () => {
  const files = (await dom0.sh('ls /etc/xen/xlexample.*')).split('\n')
  const texts = await Promise.all(files.map((file) => dom0.sh(`cat ${file}; echo`)))
  expect(texts.length).toBeGreaterThan(0)
  expect(await unexplained(texts, await askXl(texts))).toEqual([])
})
