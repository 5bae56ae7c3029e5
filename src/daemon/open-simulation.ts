import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DaemonConfig } from '../config/daemon-config.ts'
import { openGuestConsole } from './consoles/guest-console.ts'
import { SimulatedHost } from './simulated-host.ts'

/** A host in memory on which everything exists and every guest boots in a moment. */
export const simulatedHost = ({ paths, console }: DaemonConfig): SimulatedHost =>
  new SimulatedHost((tty, name) => openGuestConsole(tty, name, { directory: paths.consoleLogs, ...console }))

/** Puts every path of a configuration below one folder, so that a simulation touches nothing of the machine. */
export async function simulationConfig(folder: string): Promise<DaemonConfig> {
  const root = folder === '' ? await mkdtemp(join(tmpdir(), 'tetrarch-')) : folder
  const below = (name: string) => join(root, name)
  return DaemonConfig.parse({
    paths: {
      guests: below('guests'),
      state: below('state'),
      cache: below('cache'),
      run: root,
      consoleLogs: below('consoles'),
      dumps: below('dumps'),
      saved: below('saved'),
    },
  })
}
