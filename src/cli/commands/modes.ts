import type { ModeRow } from '../../api/host.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { type Column, renderTable } from '../render/table.ts'
import { labelled } from '../../words/wrap.ts'

export const command: Command = {
  usage: '',
  options: [],
  details: ['Which of them this host can run is shown by: tetrarch host'],
  examples: ['tetrarch modes'],
  run: async (context) => {
    const modes = await context.client.call('modes', {})
    context.show(modes, () => [
      ...renderTable(columns, modes, context.out),
      ...modes.flatMap((mode) => ['', ...paragraph(mode, context)]),
    ])
  },
}

const columns: readonly Column<ModeRow>[] = [
  { title: 'MODE', value: ({ name }) => name },
  { title: 'NEEDS', value: ({ needs }) => needs.join(', ') },
  { title: 'QEMU', value: ({ deviceModel }) => deviceModel.replaceAll('-', ' ') },
  { title: 'BOOTS FROM', value: ({ boot }) => boot.map((way) => way.replaceAll('-', ' ')).join(', '), shrinks: true },
]

function paragraph({ title, summary, pros, cons }: ModeRow, { out }: Context): readonly string[] {
  const width = out.proseWidth
  const point = (label: string) => (text: string, index: number) =>
    labelled(index === 0 ? label : '', text, { indent: 2, labelWidth: 7, width })
  return [
    out.color('heading', title),
    labelled('what', summary, { indent: 2, labelWidth: 7, width }),
    ...pros.map(point('for')),
    ...cons.map(point('against')),
  ]
}
