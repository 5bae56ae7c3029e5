/**
 * Definitions as the xl of a real dom0 reads them (`xl -N create`, which builds nothing), against what tetrarch would
 * give libxl: those of the corpus, generated ones, and the examples that Xen ships.
 */
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { dom0 } from '../../lab/dom0.ts'
import { quoted } from '../../lab/ssh.ts'
import type { GuestSpec } from '../../src/config/guest-spec.ts'
import type { HostCpus } from '../../src/config/specs/cpus.ts'
import { writeGuest } from '../../src/config/write.ts'
import type { JsonObject } from '../../src/libxl/requests.ts'
import { arbitraryGuest } from '../config/arbitrary-guest.ts'
import { judge, recorded, withoutUuid } from '../config/corpus/differential.ts'
import { snippets } from '../config/corpus/snippets.ts'

/** Definitions that are asked about at once, and how long that may take in an emulated dom0 on a busy machine. */
const BATCH = 60
const BATCH_MS = 280_000
const ALL_MS = 1_200_000

/** Reads one text in base64 on each line, asks on all of dom0's processors, and answers in the same order. */
const ASK = `
  use MIME::Base64;
  my $folder = '/dev/shm/ask-xl.' . $$;
  mkdir($folder) && chdir($folder) or die;
  my @texts = <STDIN>;
  my $workers = qx(nproc) + 0;
  for my $worker (0 .. $workers - 1) {
    next if fork;
    for (my $i = $worker; $i < @texts; $i += $workers) {
      open(my $file, '>', "$i.cfg"); print $file decode_base64($texts[$i]); close $file;
      my $said = qx(xl -N create $i.cfg 2> /dev/null);
      open(my $answer, '>', "$i.answer"); print $answer $? == 0 ? encode_base64($said, '') : 'refused'; close $answer;
    }
    exit;
  }
  1 while wait != -1;
  for my $i (0 .. $#texts) { open(my $answer, '<', "$i.answer"); print <$answer>, "\\n" }
  unlink glob('*'); chdir '/'; rmdir $folder;`

/** What xl makes of each text; null where it refuses. */
async function askXl(texts: readonly string[]): Promise<readonly (JsonObject | null)[]> {
  const answers: (JsonObject | null)[] = []
  for (let from = 0; from < texts.length; from += BATCH) {
    const batch = texts.slice(from, from + BATCH)
    const stdin = batch.map((text) => `${Buffer.from(text).toString('base64')}\n`).join('')
    const lines = (await dom0.sh(`perl -e ${quoted(ASK)}`, { stdin, timeoutMs: BATCH_MS })).split('\n')
    expect(lines).toHaveLength(batch.length)
    answers.push(...batch.map((text, index) => answerOf(text, lines[index] ?? '')))
  }
  return answers
}

function answerOf(text: string, line: string): JsonObject | null {
  if (line === 'refused') return null
  const config = JSON.parse(Buffer.from(line, 'base64').toString()) as JsonObject
  return /^uuid *=/m.test(text) ? config : withoutUuid(config)
}

async function hostCpus(): Promise<HostCpus> {
  const info = await dom0.sh(`xl info | awk '$1 == "nr_cpus" || $1 == "nr_nodes" { print $3 }'`)
  const [count = 0, nodes = 0] = info.split('\n').map(Number)
  if (nodes !== 1) throw new Error('the lab is expected to have one NUMA node')
  // libxl's bitmaps are whole bytes, so xl sets bits of processors that the host lacks, and Xen ignores them.
  return { count: Math.ceil(count / 8) * 8, nodes: [Array.from({ length: count }, (_, cpu) => cpu)] }
}

/** Definitions that ask for the second NUMA node, which the lab does not have. */
const wantsSecondNode = (text: string) => /pnode=1|nodes?:(\d-)?1/.test(text)

/** Definitions that say what they boot; without it xl refuses a guest that has no device model. */
const boots = /^(kernel|bootloader|firmware|type) = (?!"pvh?")/m

async function unexplained(texts: readonly string[], said: readonly (JsonObject | null)[]): Promise<readonly string[]> {
  const host = await hostCpus()
  return texts.flatMap((text, index) =>
    judge(text, said[index] ?? null, host).map((difference) => `${difference} in ${JSON.stringify(text)}`),
  )
}

describe('the corpus', () => {
  // Every second one: the recording has all, and an emulated dom0 takes its time over each.
  const chosen = snippets.filter(({ text }, index) => index % 2 === 0 && !wantsSecondNode(text))
  const texts = chosen.map(({ text }) => text)
  let said: readonly (JsonObject | null)[]
  beforeAll(async () => {
    said = await askXl(texts)
  }, ALL_MS)

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

test(
  'generated definitions: nothing differs from the xl of dom0 but what is meant to',
  { timeout: ALL_MS },
  async () => {
    // xl 4.17 does not know the words trusted and untrusted in a disk, and takes them for its target.
    const known = (spec: GuestSpec) => spec.disks.every(({ trusted }) => trusted === undefined)
    const specs = fc
      .sample(arbitraryGuest, { numRuns: 400, seed: 2026 })
      .filter((spec) => spec.mode !== 'auto' && known(spec))
    const texts = specs.map(writeGuest).filter((text) => boots.test(text) && !wantsSecondNode(text))
    expect(texts.length).toBeGreaterThan(50)
    expect(await unexplained(texts, await askXl(texts))).toEqual([])
  },
)

test("Xen's own examples: nothing differs from the xl of dom0 but what is meant to", async () => {
  const files = (await dom0.sh('ls /etc/xen/xlexample.*')).split('\n')
  const texts = await Promise.all(files.map((file) => dom0.sh(`cat ${file}; echo`)))
  expect(texts.length).toBeGreaterThan(0)
  expect(await unexplained(texts, await askXl(texts))).toEqual([])
})
