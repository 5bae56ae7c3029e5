/** lab status and lab logs: what is there, and what was said. */
import { readFileSync } from 'node:fs'
import { dom0, reachable } from './dom0.ts'
import { machinePid } from './machine.ts'
import { cacheRoot, labName, labPlace } from './place.ts'
import { attached, capture } from './run.ts'
import { sshCommand } from './ssh.ts'
import { runningLabs } from './state.ts'

/** Exit code of "not running", as with systemctl(1) status. */
const notRunning = 3

/** Prints what runs and what the cache holds. Exit code 0 when the lab is up, 3 when it is not. */
export async function status(): Promise<number> {
  const labs = runningLabs()
  for (const { place, state } of labs) {
    const pid = String(machinePid(place))
    const how = state.accelerator === 'kvm' ? 'under KVM' : 'emulated'
    console.log(`${place.name}: up, ${state.flavour}, ${how}, QEMU ${pid}, ssh port ${String(state.port)}`)
  }
  const { stdout } = await capture(['du', '-sh', cacheRoot])
  console.log(`cache: ${stdout.trim().replace('\t', ' in ') || `none in ${cacheRoot}`}`)
  const name = labName()
  if (!labs.some(({ place }) => place.name === name)) {
    console.log(`${name}: down`)
    return notRunning
  }
  const { stdout: domains, stderr } = await dom0.exec('xl list')
  console.log(domains.trimEnd() || stderr.trimEnd())
  return 0
}

const summary = `
echo '== xl dmesg'; xl dmesg | tail -n 40
for log in $(ls -t /var/log/xen/*.log 2>/dev/null | head -n 8); do echo "== $log"; tail -n 20 "$log"; done
echo '== journal'; journalctl --no-pager -o short-precise -n 100
echo '== tetrarchd'; journalctl --no-pager -o short-precise -u 'tetrarchd*' -n 100
`

/** Prints dom0's logs: a summary, or what journalctl prints for the arguments; "console" is the serial console's log. */
export async function logs(args: readonly string[]): Promise<number> {
  if (args[0] === 'console') {
    process.stdout.write(readFileSync(labPlace(labName()).consoleLog))
    return 0
  }
  const script = args.length === 0 ? summary : ['journalctl', '--no-pager', ...args].join(' ')
  return attached(sshCommand(await reachable(), script))
}
