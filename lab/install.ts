/** lab install: the working tree, as the .deb that users get, in dom0. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { basename, resolve } from 'node:path'
import { dom0 } from './dom0.ts'
import { checkout } from './place.ts'
import { say, timed } from './run.ts'

const installTimeoutMs = 600_000

/** Builds the .deb, installs or upgrades it in dom0, and starts the service anew. */
export async function install([given]: readonly string[]): Promise<number> {
  const deb = given === undefined ? await timed('building the .deb', buildDeb) : resolve(given)
  const there = `/var/tmp/${basename(deb)}`
  await timed(`copying ${basename(deb)} to dom0`, () => dom0.push(deb, there))
  await timed('installing it', async () => {
    const apt = 'DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --reinstall --allow-downgrades'
    await dom0.sh(`${apt} ${there} </dev/null && rm -f ${there}`, { timeoutMs: installTimeoutMs })
    await dom0.sh('systemctl daemon-reload && systemctl restart tetrarchd.service')
  })
  say((await dom0.sh('systemctl is-active tetrarchd.service; tetrarch --version')).replace('\n', ', tetrarch '))
  return 0
}

/** scripts/deb prints the path of the package as its last line. */
async function buildDeb(): Promise<string> {
  // What dom0 unpacks in emulation should be quick to unpack.
  const env = { ...process.env, DEB_COMPRESSION: 'zstd' }
  const child = spawn('scripts/run', ['deb'], { cwd: checkout, env, stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
    process.stderr.write(text)
  })
  const [code] = (await once(child, 'close')) as [number | null]
  const path = printed.trimEnd().split('\n').at(-1) ?? ''
  if (code !== 0) throw new Error(`scripts/run deb: exit ${String(code)}`)
  if (!path.endsWith('.deb')) throw new Error(`scripts/run deb: its last line is no .deb: "${path}"`)
  return resolve(checkout, path)
}
