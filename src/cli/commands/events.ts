import type { Event } from '../../api/event.ts'
import type { Guest } from '../../api/guest.ts'
import { escapeControl } from '../../words/escape-control.ts'
import { fail } from '../../words/errors.ts'
import type { Command } from '../command.ts'
import { countIn } from '../numbers.ts'

export const command: Command = {
  usage: '[query]',
  options: [['--since <number>', 'begin after the event of this number; 0 shows all that are kept']],
  details: ['With --json each event is one line. "lost" says that events were missed: list again.'],
  examples: ['tetrarch events', "tetrarch events 'kind:mode guest:web'", 'tetrarch events --since 0 --json'],
  run: async ({ client, json, out }, { text, args: [filter] }) => {
    const since = countIn(text('since'), '--since')
    for await (const event of client.stream('events', {
      query: { ...(since !== null && { since }), ...(filter !== undefined && { query: filter }) },
    }))
      out.print(json ? JSON.stringify(event) : `${clock(event.time)}  ${escapeControl(sentence(event))}`)
    throw fail('daemon-unreachable', {
      what: 'the daemon ended the stream of events',
      fix: 'tetrarch events --since NUMBER resumes',
    })
  },
}

const clock = (iso: string): string => new Date(iso).toLocaleTimeString('sv-SE')

function sentence(event: Event): string {
  switch (event.kind) {
    case 'guest.appeared':
      return `${event.guest}: appeared${event.managed ? '' : ', made by another toolstack'}`
    case 'guest.state':
      return `${event.guest}: ${event.from} → ${event.to}${because(event.reason)}`
    case 'guest.mode':
      return `${event.guest}: runs as ${event.to ?? 'an unknown mode'}${event.from === null ? '' : `, was ${event.from}`}`
    case 'guest.choice':
      return `${event.guest}: ${event.to} is chosen, it was ${event.from} the last time: ${event.evidence.at(-1) ?? ''}`
    case 'guest.device-model':
      return `${event.guest}: ${deviceModelWords(event.deviceModel)}`
    case 'guest.definition':
      return `${event.guest}: ${definitionWords[event.change]}`
    case 'guest.gone':
      return `${event.guest}: gone${because(event.reason)}`
    case 'task':
      return `${event.guest}: ${event.operation} ${event.state}${event.stage === null ? '' : `: ${event.stage}`}`
    case 'daemon.started':
      return `daemon ${event.version} started: ${event.adopted} guests found running, ${event.foreign} of others`
    case 'lost':
      return `${event.count ?? 'an unknown number of'} events were lost; list again`
  }
}

const definitionWords = {
  defined: 'is defined',
  changed: 'its definition was changed',
  undefined: 'is no longer defined',
  unreadable: 'its definition cannot be used',
} as const

function deviceModelWords(deviceModel: Guest['deviceModel']): string {
  if (deviceModel === null) return 'no device model'
  const { pid, health, trouble, status } = deviceModel
  if (health !== 'well') return `device model ${pid} is ${health}: ${trouble}`
  return `device model ${pid}${status === null ? '' : `, QEMU says ${status}`}`
}

const because = (reason: string | null): string => (reason === null ? '' : ` (${reason})`)
