import { setTimeout as sleep } from 'node:timers/promises'
import { fail } from '../../words/errors.ts'
import type { Command, Given } from '../command.ts'
import type { Context } from '../context.ts'
import { countIn } from '../numbers.ts'
import { sampleBetween } from '../top/sample.ts'
import { sampleLines } from '../top/top-screen.ts'
import { type SortName, sortNames } from '../top/top-state.ts'

export const command: Command = {
  usage: '',
  options: [
    ['-d, --delay <seconds>', 'time between samples; 1 unless given'],
    ['-n, --samples <number>', 'end after so many samples'],
    ['-s, --sort <column>', `what to sort by: ${sortNames.join(', ')}; cpu unless given`],
  ],
  details: [
    'A live table of the guests that run. CPU% counts one processor as 100; LATELY is the share of its vCPUs that a guest used in the last samples. READ and WRITE are bytes per second of its disks, RECV and SENT of its network interfaces. QCPU% and QMEM are what its QEMU costs in dom0. A guest with * was made by another toolstack.',
    'Keys: q leaves; c, m, d, t, e and n sort by CPU, memory, disk, traffic, QEMU and name; r reverses; Up, Down, Page Up and Page Down move.',
    'Where standard output is no terminal, one sample is printed without decoration. With --json each sample is one line.',
    'A dash is something that is not counted: disks that a QEMU serves, or the first moment of a guest.',
  ],
  examples: ['tetrarch top', 'tetrarch top --sort memory', 'tetrarch top --json --samples 2 --delay 0.5'],
  run: async (context, given) => {
    const sort = sortIn(given)
    const delay = delayIn(given)
    const samples = countIn(given.text('samples'), '--samples')
    if (context.out.isTerminal && process.stdin.isTTY && !context.json) {
      const { runTop } = await import('../top/run-top.ts')
      await runTop(context, { sort, delay, samples })
    } else await printSamples(context, { sort, delay, samples: samples ?? 1 })
  },
}

interface Wanted {
  readonly sort: SortName
  readonly delay: number
  readonly samples: number
}

async function printSamples({ client, json, out }: Context, { sort, delay, samples }: Wanted): Promise<void> {
  let before = await client.call('usage', {})
  for (let taken = 0; taken < samples; taken += 1) {
    await sleep(delay * 1000)
    const after = await client.call('usage', {})
    const sample = sampleBetween(before, after, new Date().toISOString())
    out.print(...(json ? [JSON.stringify(sample)] : sampleLines(sample, sort)))
    before = after
  }
}

function sortIn({ text }: Given): SortName {
  const word = text('sort') ?? 'cpu'
  const sort = sortNames.find((name) => name === word)
  if (sort !== undefined) return sort
  throw fail('usage', { what: `there is no column "${word}" to sort by`, fix: `--sort ${sortNames.join(', ')}` })
}

const LEAST_DELAY_S = 0.1
const MOST_DELAY_S = 3600

function delayIn({ text }: Given): number {
  const word = text('delay') ?? '1'
  const seconds = /^\d+(\.\d+)?$/.test(word) ? Number(word) : NaN
  if (seconds >= LEAST_DELAY_S && seconds <= MOST_DELAY_S) return seconds
  throw fail('usage', {
    what: `--delay takes seconds from ${LEAST_DELAY_S} to ${MOST_DELAY_S}, not "${word}"`,
    fix: 'tetrarch top --delay 2',
  })
}
