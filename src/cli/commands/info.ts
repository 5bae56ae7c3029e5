import type { Device, GuestDetail } from '../../api/guest.ts'
import { escapeControl } from '../../words/escape-control.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { onGuest } from '../did-you-mean.ts'
import { brakeText, changeText, cpuTime, driverText } from '../render/guest-words.ts'
import { type Column, renderTable } from '../render/table.ts'
import { labelled } from '../../words/wrap.ts'

export const command: Command = {
  usage: '<guest>',
  options: [],
  details: ['A guest is named by its name, uuid or domain id.'],
  examples: ['tetrarch info web', 'tetrarch info web --json'],
  run: async (context, { args: [name = ''] }) => {
    const guest = await onGuest(context, name, () => context.client.call('guest', { params: { guest: name } }))
    context.show(guest, () => lines(guest, context))
  },
}

function lines(guest: GuestDetail, { out }: Context): readonly string[] {
  const { devices, consoleTail } = guest
  const facts = factsOf(guest).map(([label, text]) =>
    labelled(label, escapeControl(text), { indent: 2, labelWidth: 12, width: out.width }),
  )
  const options = { width: out.width - 2, color: out.color }
  return [
    out.color('heading', escapeControl(guest.name)),
    ...facts,
    ...(devices.length === 0 ? [] : ['', ...renderTable(columns, devices, options).map((line) => `  ${line}`)]),
    ...(consoleTail.length === 0
      ? []
      : [
          '',
          `  ${out.color('heading', guest.domid === null ? 'the last lines of its last console' : 'the last lines of its console')}`,
        ]),
    ...consoleTail.map((line) => `  | ${line}`),
  ]
}

function factsOf(guest: GuestDetail): readonly (readonly [label: string, text: string])[] {
  const { mode, booted, deviceModel, lastEnd, definition } = guest
  const facts: (readonly [label: string, text: string | null])[] = [
    ['state', stateText(guest)],
    ['mode', modeLine(mode)],
    [
      'last seen',
      mode.observed === null ? mode.lastSeen && `${mode.lastSeen.mode}, ${localTime(mode.lastSeen.at)}` : null,
    ],
    ['seen by', mode.evidence.length === 0 ? null : mode.evidence.join('; ')],
    ['booted', booted && `${booted.how}: ${booted.what}${booted.kernelVersion ? ` (${booted.kernelVersion})` : ''}`],
    ['device model', deviceModelLine(deviceModel)],
    ...(deviceModel?.lastWords ?? []).map((line, index) => [index === 0 ? 'its log' : '', line] as const),
    ...(deviceModel?.cdroms ?? []).map(
      ({ device, medium }) => ['cd drive', `${device}: ${medium ?? 'empty'}`] as const,
    ),
    ['screen', guest.vnc && `VNC on ${guest.vnc.address}; the password: tetrarch vnc ${guest.name}`],
    ['memory', `${Math.round(guest.memoryMiB)} MiB`],
    ['vcpus', `${guest.vcpus}, ${cpuTime(guest.cpuTimeSeconds)} of CPU time`],
    ['uuid', guest.uuid],
    ['definition', definition?.file ?? (guest.managed ? 'none' : 'made by another toolstack')],
    ['saved', savedText(guest)],
    ['kept', guest.kept && `the ended domain of ${guest.kept}, to be looked at`],
    ...(guest.problem === null ? [] : [['problem', guest.problem] as const]),
    ...guest.changes.map((change, index) => [index === 0 ? 'next start' : '', changeText(change)] as const),
    ['overridden', definition?.overrides.join('; ') || null],
    ['last end', lastEnd && `${lastEnd.reason}, ${localTime(lastEnd.at)}`],
    ['crashes', guest.brake && brakeText(guest)],
    ...guest.warnings.map((warning) => ['warning', warning] as const),
  ]
  return facts.flatMap(([label, text]) => (text === null ? [] : [[label, text] as const]))
}

/** Where it says no more than that it runs, nothing is told. */
function deviceModelLine(deviceModel: GuestDetail['deviceModel']): string {
  if (deviceModel === null) return 'none'
  const { pid, reason, health, trouble, status } = deviceModel
  const words = [
    ...(health === 'well' ? [] : [`${health.toUpperCase()}: ${trouble}`]),
    ...(status === null || status === 'running' ? [] : [`QEMU says: ${status}`]),
    reason,
  ]
  return `process ${pid}: ${words.join('; ')}`
}

function savedText({ name, saved }: GuestDetail): string | null {
  if (saved === null) return null
  const how = saved.goesOnWithHost ? 'goes on when the host has started again, or with' : 'goes on with'
  return `${localTime(saved.at)}, ${saved.mebibytes} MiB; ${how}: tetrarch create ${name}`
}

function stateText({ state, domid, startedAt }: GuestDetail): string {
  const since = startedAt === null ? '' : `, started ${localTime(startedAt)}`
  return domid === null ? state : `${state}, domain ${domid}${since}`
}

function modeLine({ configured, chosen, observed, differs }: GuestDetail['mode']): string {
  const parts = [
    observed === null ? null : `observed ${observed}`,
    chosen === null || chosen === observed ? null : `built as ${chosen}`,
    configured === null ? null : `configured ${configured}`,
  ]
  const told = parts.filter((part) => part !== null).join(', ') || 'unknown'
  return differs ? `${told} (it differs)` : told
}

const localTime = (iso: string): string => new Date(iso).toLocaleString('sv-SE')

const columns: readonly Column<Device>[] = [
  { title: 'DEVICE', value: ({ name }) => escapeControl(name) },
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'BACKEND', value: ({ backend }) => escapeControl(backend) },
  { title: 'RUNS OVER', value: driverText },
  { title: 'TARGET', value: ({ target }) => escapeControl(target ?? '–'), shrinks: true },
]
