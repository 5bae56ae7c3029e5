import type { Event } from '../../api/event.ts'
import { escapeControl } from '../../words/escape-control.ts'
import { fail } from '../../words/errors.ts'
import type { Command } from '../command.ts'

export const command: Command = {
  usage: '',
  options: [['--since <number>', 'begin after the event of this number; 0 shows all that are kept']],
  details: ['With --json each event is one line. "lost" says that events were missed: list again.'],
  examples: ['tetrarch events', 'tetrarch events --since 0 --json'],
  run: async ({ client, json, out }, { text }) => {
    const since = numberIn(text('since'))
    for await (const event of client.stream('events', { query: since === null ? {} : { since } }))
      out.print(json ? JSON.stringify(event) : `${clock(event.time)}  ${escapeControl(sentence(event))}`)
    throw fail('daemon-unreachable', {
      what: 'the daemon ended the stream of events',
      fix: 'tetrarch events --since NUMBER resumes',
    })
  },
}

function numberIn(text: string | null): number | null {
  if (text === null) return null
  const number = Number(text)
  if (text !== '' && Number.isInteger(number) && number >= 0) return number
  throw fail('usage', { what: `--since takes the number of an event, not "${text}"`, fix: 'tetrarch events --since 0' })
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
    case 'guest.device-model':
      return `${event.guest}: ${event.deviceModel === null ? 'no device model' : `device model ${event.deviceModel.pid}`}`
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

const because = (reason: string | null): string => (reason === null ? '' : ` (${reason})`)
