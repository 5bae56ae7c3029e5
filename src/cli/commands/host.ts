import type { HostSummary } from '../../api/host.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { labelled } from '../../words/wrap.ts'

export const command: Command = {
  usage: '',
  options: [],
  examples: ['tetrarch host', 'tetrarch host --json'],
  run: async (context) => {
    const host = await context.client.call('host', {})
    context.show(host, () => lines(host, context))
  },
}

function lines({ daemon, guests, modes, prepared, ...host }: HostSummary, { out }: Context): readonly string[] {
  const width = out.proseWidth
  const fact = (label: string, text: string) => labelled(label, text, { indent: 2, labelWidth: 9, width })
  const ahead = prepared.map(({ template, ready, wanted }) => `${ready} of ${wanted} for ${template}`)
  const workers = daemon.workers.map(({ pid, busyWith }) => `${pid} ${busyWith ?? 'idle'}`)
  return [
    out.color('heading', host.simulated ? 'Host (simulated)' : 'Host'),
    fact('Xen', host.xenVersion),
    fact('can', host.capabilities.join(', ')),
    fact('CPUs', String(host.cpus)),
    fact('memory', `${host.memoryMiB} MiB, ${host.freeMemoryMiB} MiB free for new guests`),
    fact('guests', `${guests.running} running, ${guests.halted} halted, ${guests.foreign} of other toolstacks`),
    ...(ahead.length === 0 ? [] : [fact('prepared', ahead.join(', '))]),
    fact('daemon', `tetrarchd ${daemon.version}, process ${daemon.pid}, since ${localTime(daemon.startedAt)}`),
    fact('workers', workers.length === 0 ? 'none' : workers.join('; ')),
    '',
    out.color('heading', 'Modes that guests can have here'),
    ...modes.map(({ name, possible, why }) => fact(name, `${possible ? 'yes' : 'no'}: ${why}`)),
  ]
}

const localTime = (iso: string): string => new Date(iso).toLocaleString('sv-SE')
