import type { Guest } from '../../api/guest.ts'
import { escapeControl } from '../../words/escape-control.ts'
import type { Command } from '../command.ts'
import { type Column, renderTable } from '../render/table.ts'
import type { Paint } from '../render/terminal.ts'
import {
  brakeText,
  cpuTime,
  isOtherThanBuilt,
  modeText,
  stateText,
  isBroken as hasBrokenModel,
} from '../render/guest-words.ts'

export const command: Command = {
  usage: '[query]',
  options: [],
  details: [
    'MODE shows what is configured, and after an arrow what the guest really runs as when that differs.',
    'DM is the process id of its QEMU, with ! when a device brought it into a guest whose mode does without. A guest with * was made by another toolstack. Of a halted guest, MODE shows in parentheses what it was last seen as.',
    'A guest with + has a definition that has changed since it was started; changes apply at next start. One with ! has a definition that cannot be used as it is now.',
    'QUERY is in the search language of Xen Orchestra: words, "a text", /a pattern/i, field:term, field?, field:>2, !term, |(term term), and @name for a query that the daemon configuration saves. The fields stand in docs/queries.md.',
  ],
  examples: [
    'tetrarch list',
    "tetrarch list 'virtualizationMode:hvm'",
    "tetrarch list 'state:running memory:>1024 !tags:test'",
    "tetrarch list --json | jq -r '.[] | select(.mode.differs).name'",
  ],
  run: async ({ client, out, note, show }, { args: [query] }) => {
    const guests = await client.call('guests', query === undefined ? {} : { query: { query } })
    show(guests, () => renderTable(columns, guests, out))
    for (const guest of guests.filter(({ brake }) => brake !== null)) note(brakeText(guest))
    if (guests.length === 0)
      note(query === undefined ? 'there are no guests yet; begin with: tetrarch create --help' : 'no guest is so')
    if (!out.isTerminal) return
    if (guests.some(({ managed }) => !managed)) note('* made by another toolstack')
    if (guests.some(isChanged))
      note('+ its definition has changed; changes apply at next start (tetrarch info shows them)')
    if (guests.some(isBroken)) note('! its definition cannot be used as it is now (tetrarch lint shows why)')
  },
}

const paints: Readonly<Partial<Record<Guest['state'], Paint>>> = {
  running: 'good',
  paused: 'warning',
  crashed: 'bad',
  halted: 'quiet',
}

const isChanged = ({ changes }: Guest): boolean => changes.length > 0
const isBroken = ({ problem }: Guest): boolean => problem !== null

function marks(guest: Guest): string {
  const found = `${guest.managed ? '' : '*'}${isChanged(guest) ? '+' : ''}${isBroken(guest) ? '!' : ''}`
  return found === '' ? '' : ` ${found}`
}

const columns: readonly Column<Guest>[] = [
  {
    title: 'NAME',
    value: (guest) => `${escapeControl(guest.name)}${marks(guest)}`,
    shrinks: true,
  },
  { title: 'ID', value: ({ domid }) => (domid === null ? '–' : String(domid)), align: 'right' },
  {
    title: 'STATE',
    value: stateText,
    paint: ({ state, brake, deviceModel }) =>
      brake === null && !hasBrokenModel(deviceModel) ? (paints[state] ?? null) : 'bad',
  },
  {
    title: 'MODE',
    value: modeText,
    paint: (guest) => (isOtherThanBuilt(guest) ? 'warning' : null),
  },
  {
    title: 'DM',
    value: ({ deviceModel }) => (deviceModel === null ? '–' : `${deviceModel.pid}${deviceModel.avoidable ? '!' : ''}`),
    align: 'right',
  },
  { title: 'MEM', value: ({ memoryMiB }) => String(Math.round(memoryMiB)), align: 'right' },
  { title: 'VCPU', value: ({ vcpus }) => String(vcpus), align: 'right' },
  {
    title: 'TIME',
    value: ({ domid, cpuTimeSeconds }) => (domid === null ? '–' : cpuTime(cpuTimeSeconds)),
    align: 'right',
  },
]
