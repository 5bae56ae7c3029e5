import type { Guest } from '../../api/guest.ts'
import { escapeControl } from '../../words/escape-control.ts'
import type { Command } from '../command.ts'
import { type Column, renderTable } from '../render/table.ts'
import type { Paint } from '../render/terminal.ts'
import { cpuTime, isOtherThanBuilt, modeText } from '../render/guest-words.ts'

export const command: Command = {
  usage: '',
  options: [],
  details: [
    'MODE shows what is configured, and after an arrow what the guest really runs as when that differs.',
    'DM is the process id of its QEMU. A guest with * was made by another toolstack.',
  ],
  examples: ['tetrarch list', 'tetrarch list --json | jq -r \'.[] | select(.mode.observed == "pvhvm").name\''],
  run: async ({ client, out, note, show }) => {
    const guests = await client.call('guests', {})
    show(guests, () => renderTable(columns, guests, out))
    if (guests.length === 0) note('there are no guests yet; begin with: tetrarch create --help')
    else if (out.isTerminal && guests.some(({ managed }) => !managed)) note('* made by another toolstack')
  },
}

const paints: Readonly<Partial<Record<Guest['state'], Paint>>> = {
  running: 'good',
  paused: 'warning',
  crashed: 'bad',
  halted: 'quiet',
}

const columns: readonly Column<Guest>[] = [
  {
    title: 'NAME',
    value: ({ name, managed }) => `${escapeControl(name)}${managed ? '' : ' *'}`,
    shrinks: true,
  },
  { title: 'ID', value: ({ domid }) => (domid === null ? '–' : String(domid)), align: 'right' },
  { title: 'STATE', value: ({ state }) => state, paint: ({ state }) => paints[state] ?? null },
  {
    title: 'MODE',
    value: modeText,
    paint: (guest) => (isOtherThanBuilt(guest) ? 'warning' : null),
  },
  { title: 'DM', value: ({ deviceModel }) => (deviceModel === null ? '–' : String(deviceModel.pid)), align: 'right' },
  { title: 'MEM', value: ({ memoryMiB }) => String(Math.round(memoryMiB)), align: 'right' },
  { title: 'VCPU', value: ({ vcpus }) => String(vcpus), align: 'right' },
  {
    title: 'TIME',
    value: ({ domid, cpuTimeSeconds }) => (domid === null ? '–' : cpuTime(cpuTimeSeconds)),
    align: 'right',
  },
]
