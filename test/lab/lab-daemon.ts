/** What the lab tests share: the daemon's API, guests by a few lines, and what must be gone afterwards. */
import { dom0 } from '../../lab/dom0.ts'
import { daemonApi } from '../../lab/daemon-api.ts'
import type { Client } from '../../src/api/client.ts'
import type { Event } from '../../src/api/event.ts'
import type { Guest, GuestDetail } from '../../src/api/guest.ts'
import type { Task } from '../../src/api/task.ts'

/** The longest that an operation may take in an emulated dom0 on a busy machine, milliseconds. */
const OPERATION_MS = 280_000

/** The longest that a small guest boots there, milliseconds. */
const BOOT_MS = 240_000

export interface LabDaemon {
  readonly api: Client
  /** Creates a guest; throws what went wrong. */
  create(text: string): Promise<Task>
  /** Creates a guest if it can; the task says how it ended. */
  tryToCreate(text: string): Promise<Task>
  act(verb: 'shutdown' | 'reboot' | 'destroy' | 'pause' | 'unpause' | 'save', guest: string): Promise<Task>
  guest(ref: string): Promise<GuestDetail>
  list(): Promise<readonly Guest[]>
  /** The first event from now on, or after `since`, that is as wanted. */
  event(wanted: (event: Event) => boolean, since?: number): Promise<Event>
  newest(): Promise<number>
  /** The newest whole marker line of a guest (lab/README.md), once there is one; with `type` only of a kernel that calls its mode so. */
  marker(guest: string, options?: { readonly type?: string; readonly timeoutMs?: number }): Promise<string>
  /** Types a line into a guest's console. */
  type(guest: string, line: string): Promise<void>
  /** Types a command into the shell on a guest's console; what it printed. Throws when it fails. */
  inGuest(guest: string, command: string): Promise<string>
  /** Runs a script in dom0 that ends the daemon, and waits until the next one answers. */
  replace(script: (pid: number) => string): Promise<void>
  /** Destroys everything but dom0, whoever made it. */
  clear(): Promise<void>
}

/** Commands that were typed into guests until now. */
let turns = 0

export async function labDaemon(): Promise<LabDaemon> {
  const api = await daemonApi()
  const wait = { wait: OPERATION_MS }
  const daemon: LabDaemon = {
    api,
    async create(text) {
      const task = await daemon.tryToCreate(text)
      if (task.state !== 'succeeded') throw new Error(`the guest was not created: ${JSON.stringify(task, null, 2)}`)
      return task
    },
    tryToCreate: (text) => api.call('create', { query: wait, body: { definition: { file: '/root/test.cfg', text } } }),
    act: (verb, guest) => api.call(verb, { params: { guest }, query: wait }),
    guest: (guest) => api.call('guest', { params: { guest } }),
    list: () => api.call('guests', {}),
    async event(wanted, since) {
      const stop = AbortSignal.timeout(OPERATION_MS)
      const query = since === undefined ? {} : { since }
      for await (const event of api.stream('events', { query }, stop)) if (wanted(event)) return event
      throw new Error('the event did not come in time')
    },
    async newest() {
      // A number from the future is answered at once by `lost`, which carries where the stream stands.
      const { seq } = await daemon.event(({ kind }) => kind === 'lost', Number.MAX_SAFE_INTEGER)
      return seq
    },
    marker(guest, { type = '\\S+', timeoutMs = BOOT_MS } = {}) {
      const whole = new RegExp(`TETRARCH-GUEST type=${type} .* kernel=`)
      const look = async () => (await daemon.guest(guest)).consoleTail.findLast((line) => whole.test(line))
      return dom0.waitFor(`the marker line of ${guest}`, look, { timeoutMs, everyMs: 1000 })
    },
    async type(guest, line) {
      const { socket } = await api.console(guest, 'take')
      socket.end(`${line}\r`)
    },
    async inGuest(guest, command) {
      const { socket, head } = await api.console(guest, 'take')
      // What the console said before is shown again, and what is typed is echoed: neither is what the command printed.
      const turn = (turns += 1)
      const printed = new RegExp(`begin${turn}\\b([^]*)over(\\d+)and${turn}\\b`)
      let said = head.toString()
      socket.on('data', (bytes: Buffer) => (said += bytes.toString()))
      socket.write(`echo be''gin${turn}; ${command}; echo over$?and${turn}\r`)
      const end = () => Promise.resolve(printed.exec(said) ?? undefined)
      const [, output = '', status] = await dom0.waitFor(`${guest} to have done: ${command}`, end, {
        timeoutMs: BOOT_MS,
      })
      socket.destroy()
      if (status !== '0') throw new Error(`in ${guest}: ${command}: exit ${status}\n${output}`)
      return output
    },
    async replace(script) {
      const before = (await api.call('host', {})).daemon.pid
      // systemd gives a service up that starts too often (systemd.unit(5), StartLimitBurst).
      await dom0.sh(`systemctl reset-failed tetrarchd; ${script(before)}`)
      const isNext = async () => (await api.call('host', {})).daemon.pid !== before
      await dom0.waitFor('the next daemon', () => isNext().catch(() => false), { timeoutMs: 200_000 })
    },
    async clear() {
      for (const { name, domid } of await daemon.list()) if (domid !== null) await daemon.act('destroy', name)
    },
  }
  return daemon
}

export const killed = (pid: number): string => `kill -KILL ${pid}`
export const restarted = (): string => 'systemctl restart tetrarchd'

/** Everything in dom0 that a guest can leave behind, as Xen and Linux tell it, one line each. */
export const remains = (): Promise<string> =>
  dom0.sh(`
    xl list | tail -n +3 | awk '{ print "domain " $1 }'
    losetup -l -n -O NAME,BACK-FILE | sed 's/^/loop /'
    for tree in /vm /libxl /local/domain/0/backend/vbd /local/domain/0/backend/vif /local/domain/0/device-model; do
      xenstore-list $tree 2>/dev/null | grep -vx 0 | while read -r node; do
        case "$tree/$node" in /vm/00000000-0000-0000-0000-000000000000) ;; *) echo "xenstore $tree/$node" ;; esac
      done
    done
    ps -eo args | grep '[q]emu.*-xen-domid' | grep -v -- '-xen-domid 0' | sed 's/^/process /'
    ls /var/lib/tetrarch/domains | sed 's/^/record /'
    ls /var/cache/tetrarch/starts 2>/dev/null | sed 's/^/boot /'
  `)
