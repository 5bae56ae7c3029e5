/** lab install and sync: the working tree, as the .deb that users get, in dom0. */
import { basename, join, resolve } from 'node:path'
import { dom0 } from './dom0.ts'
import { buildPackage } from './package.ts'
import { checkout } from './place.ts'
import { say, timed } from './run.ts'
import { forget, remember, syncChanges } from './sync.ts'

const installTimeoutMs = 600_000

/** Builds the .deb, installs or upgrades it in dom0, and starts the service anew. */
export async function install([given]: readonly string[]): Promise<number> {
  const deb = given === undefined ? await timed('building the .deb', () => buildPackage('zstd')) : resolve(given)
  forget()
  const there = `/var/tmp/${basename(deb)}`
  await timed(`copying ${basename(deb)} to dom0`, () => dom0.push(deb, there))
  await timed('installing it', async () => {
    // On one processor: dpkg hands the package through pipes, and to wake another emulated processor for each piece
    // takes ten times as long as the work.
    const apt = 'DEBIAN_FRONTEND=noninteractive taskset 1 apt-get install -qq -y --reinstall --allow-downgrades'
    await dom0.sh(`${apt} ${there} </dev/null && rm -f ${there}`, { timeoutMs: installTimeoutMs })
    // The package has started it, or started it anew.
    await dom0.sh('systemctl start tetrarchd.service')
  })
  if (given === undefined) remember(join(checkout, 'build/deb'))
  say((await dom0.sh('systemctl is-active tetrarchd.service; tetrarch --version')).replace('\n', ', tetrarch '))
  return 0
}

/** Sends what changed since the last install or sync, and restarts the service; installs where there was neither. */
export async function sync(): Promise<number> {
  return (await syncChanges()) ? 0 : install([])
}
