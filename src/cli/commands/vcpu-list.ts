import type { Guest, Vcpu } from '../../api/guest.ts'
import { escapeControl } from '../../words/escape-control.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { onGuest } from '../did-you-mean.ts'
import { cpuTime } from '../render/guest-words.ts'
import { type Column, renderTable } from '../render/table.ts'

interface Row extends Vcpu {
  readonly guest: string
  readonly domid: number | null
}

export const command: Command = {
  usage: '[guests...]',
  options: [],
  details: [
    'Without a guest, those of all running ones. CPU is the processor that a vCPU runs on or ran on last. MAY and SHOULD are the processors that cpus and cpus_soft of the definition name.',
  ],
  examples: ['tetrarch vcpu-list', 'tetrarch vcpu-list web'],
  run: async (context, { args }) => {
    const found = await Promise.all((await chosen(context, args)).map((guest) => rowsOf(context, guest)))
    const rows = found.flat()
    context.show(rows, () => renderTable(columns, rows, context.out))
    if (rows.length === 0) context.note('none of them runs')
  },
}

function chosen(context: Context, names: readonly string[]): Promise<readonly Guest[]> {
  const one = (guest: string) => onGuest(context, guest, () => context.client.call('guest', { params: { guest } }))
  return names.length === 0 ? context.client.call('guests', {}) : Promise.all(names.map(one))
}

async function rowsOf({ client }: Context, { name, domid, uuid }: Guest): Promise<readonly Row[]> {
  if (domid === null) return []
  const vcpus = await client.call('vcpus', { params: { guest: uuid } })
  return vcpus.map((vcpu) => ({ guest: name, domid, ...vcpu }))
}

const columns: readonly Column<Row>[] = [
  { title: 'NAME', value: ({ guest }) => escapeControl(guest), shrinks: true },
  { title: 'ID', value: ({ domid }) => String(domid), align: 'right' },
  { title: 'VCPU', value: ({ vcpu }) => String(vcpu), align: 'right' },
  { title: 'CPU', value: ({ cpu }) => (cpu === null ? '–' : String(cpu)), align: 'right' },
  { title: 'STATE', value: ({ state }) => state, paint: ({ state }) => (state === 'running' ? 'good' : null) },
  { title: 'TIME', value: ({ cpuTimeSeconds }) => cpuTime(cpuTimeSeconds), align: 'right' },
  { title: 'MAY', value: ({ hardAffinity }) => processorsText(hardAffinity) },
  { title: 'SHOULD', value: ({ softAffinity }) => processorsText(softAffinity) },
]

/** As cpus= of a definition has them: 0-3,8. */
function processorsText(processors: readonly number[] | null): string {
  if (processors === null) return 'all'
  const runs: [first: number, last: number][] = []
  for (const cpu of processors) {
    const run = runs.at(-1)
    if (run !== undefined && run[1] === cpu - 1) run[1] = cpu
    else runs.push([cpu, cpu])
  }
  return runs.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(',')
}
