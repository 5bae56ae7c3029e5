/** What the lab tests share: the daemon's API, guests by a few lines, and what must be gone afterwards. */
import { dom0 } from '../../lab/dom0.ts'
import { daemonApi } from '../../lab/daemon-api.ts'
import type { Client } from '../../src/api/client.ts'
import type { Event } from '../../src/api/event.ts'
import type { Guest, GuestDetail } from '../../src/api/guest.ts'
import type { Task } from '../../src/api/task.ts'

/** The longest that an operation may take in an emulated dom0 on a busy machine, milliseconds. */
const OPERATION_MS = 280_000

export interface LabDaemon {
  readonly api: Client
  create(text: string): Promise<Task>
  act(verb: 'shutdown' | 'reboot' | 'destroy' | 'pause' | 'unpause', guest: string): Promise<Task>
  guest(ref: string): Promise<GuestDetail>
  list(): Promise<readonly Guest[]>
  /** The first event from now on, or after `since`, that is as wanted. */
  event(wanted: (event: Event) => boolean, since?: number): Promise<Event>
  newest(): Promise<number>
  /** Destroys everything but dom0, whoever made it. */
  clear(): Promise<void>
}

export async function labDaemon(): Promise<LabDaemon> {
  const api = await daemonApi()
  const wait = { wait: OPERATION_MS }
  const daemon: LabDaemon = {
    api,
    create: (text) => api.call('create', { query: wait, body: { definition: { file: '/root/test.cfg', text } } }),
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
    async clear() {
      for (const { name, domid } of await daemon.list()) if (domid !== null) await daemon.act('destroy', name)
    },
  }
  return daemon
}

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
