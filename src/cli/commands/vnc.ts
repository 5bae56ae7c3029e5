import { escapeControl } from '../../words/escape-control.ts'
import type { Command } from '../command.ts'
import { onGuest } from '../did-you-mean.ts'

export const command: Command = {
  usage: '<guest>',
  options: [],
  details: [
    'The screen is there for a guest with vnc = 1 (or a vfb). vnclisten = "unix:/run/NAME.vnc" with vncunused = 0 puts it on a Unix socket, which only those may open whom its permissions let.',
    'The password is told only to those who may use the full socket.',
  ],
  examples: ['tetrarch vnc web', 'vncviewer $(tetrarch vnc web --quiet)'],
  run: async (context, { args: [guest = ''] }) => {
    const vnc = await onGuest(context, guest, () => context.client.call('vnc', { params: { guest } }))
    const password = vnc.password === null ? [] : [`password ${escapeControl(vnc.password)}`]
    context.show(vnc, () => [viewerAddress(vnc.address), ...(context.quiet ? [] : password)])
  },
}

/** As viewers take it: a TCP port behind two colons, a Unix socket by its path. */
function viewerAddress(address: string): string {
  const plain = escapeControl(address)
  return plain.startsWith('unix:') ? plain.slice('unix:'.length) : plain.replace(/:(\d+)$/, '::$1')
}
