/** Every metric of GET /metrics: the answer and docs/metrics.md are made from this table. */
import type { Guest } from '../../api/guest.ts'
import type { HostSummary } from '../../api/host.ts'
import type { DiskUsage, GuestUsage, NicUsage, Usage } from '../../api/usage.ts'
import type { Family, Labels, Sample } from './open-metrics.ts'

/** What the metrics are made from. */
export interface MetricFacts {
  readonly host: HostSummary
  readonly guests: readonly Guest[]
  readonly usage: Usage
  readonly daemon: {
    readonly cpuSeconds: number
    readonly memoryBytes: number
    readonly events: number
    readonly runningTasks: number
  }
}

export interface Metric extends Family {
  /** Names of its labels, for the documentation. */
  readonly labels: readonly string[]
  readonly samples: (facts: MetricFacts) => readonly Sample[]
}

type Described = Omit<Family, 'name'>
const MIB = 1024 * 1024

const known = (mode: string | null): string => mode ?? 'unknown'
const observedMode = ({ mode }: Guest | GuestUsage): string => known(mode.observed)
const ofGuest = (guest: Guest | GuestUsage): Labels => ({ guest: guest.name, mode: observedMode(guest) })

/** One sample, without labels. */
const single = (name: string, family: Described, value: (facts: MetricFacts) => number): Metric => ({
  ...{ name, ...family, labels: [] },
  samples: (facts) => [{ labels: {}, value: value(facts) }],
})

/** One sample for each guest, halted ones included. */
const eachGuest = (name: string, family: Described, value: (guest: Guest) => number): Metric => ({
  ...{ name, ...family, labels: ['guest', 'mode'] },
  samples: ({ guests }) => guests.map((guest) => ({ labels: ofGuest(guest), value: value(guest) })),
})

/** One sample for each guest that has a domain; none where there is no value. */
const eachDomain = (name: string, family: Described, value: (guest: GuestUsage) => number | null): Metric => ({
  ...{ name, ...family, labels: ['guest', 'mode'] },
  samples: ({ usage }) =>
    usage.guests.flatMap((guest) => {
      const found = value(guest)
      return found === null ? [] : [{ labels: ofGuest(guest), value: found }]
    }),
})

const eachDisk = (name: string, family: Described, value: (disk: DiskUsage) => number): Metric => ({
  ...{ name, ...family, labels: ['guest', 'mode', 'disk'] },
  samples: ({ usage }) =>
    usage.guests.flatMap((guest) =>
      guest.disks.map((disk) => ({ labels: { ...ofGuest(guest), disk: disk.name }, value: value(disk) })),
    ),
})

const eachNic = (name: string, family: Described, value: (nic: NicUsage) => number): Metric => ({
  ...{ name, ...family, labels: ['guest', 'mode', 'nic'] },
  samples: ({ usage }) =>
    usage.guests.flatMap((guest) =>
      guest.nics.map((nic) => ({ labels: { ...ofGuest(guest), nic: nic.name }, value: value(nic) })),
    ),
})

const counter = (help: string): Described => ({ type: 'counter', help })
const bytesCounter = (help: string): Described => ({ type: 'counter', unit: 'bytes', help })
const secondsCounter = (help: string): Described => ({ type: 'counter', unit: 'seconds', help })
const gauge = (help: string): Described => ({ type: 'gauge', help })
const bytes = (help: string): Described => ({ type: 'gauge', unit: 'bytes', help })

const hostMetrics: readonly Metric[] = [
  {
    ...{ name: 'tetrarch_host', type: 'info', help: 'Versions of Xen and of tetrarch.' },
    labels: ['xen', 'tetrarch'],
    samples: ({ host }) => [{ labels: { xen: host.xenVersion, tetrarch: host.daemon.version }, value: 1 }],
  },
  single('tetrarch_host_cpus', gauge('Processors of the host.'), ({ host }) => host.cpus),
  single('tetrarch_host_memory_bytes', bytes('Memory of the host.'), ({ host }) => host.memoryMiB * MIB),
  single(
    'tetrarch_host_free_memory_bytes',
    bytes('Memory that Xen could give to new domains.'),
    ({ host }) => host.freeMemoryMiB * MIB,
  ),
  {
    ...{ name: 'tetrarch_guests', type: 'gauge', help: 'How many guests are in this state and mode.' },
    labels: ['state', 'mode'],
    samples: ({ guests }) =>
      [...Map.groupBy(guests, (guest) => `${guest.state} ${observedMode(guest)}`).values()].map((group) => ({
        labels: { state: group[0]?.state ?? '', mode: group[0] === undefined ? '' : observedMode(group[0]) },
        value: group.length,
      })),
  },
]

const guestMetrics: readonly Metric[] = [
  {
    ...{
      name: 'tetrarch_guest',
      type: 'info',
      help: 'What a guest is: the mode that its definition asks for, and others.',
    },
    labels: ['guest', 'mode', 'configured_mode', 'chosen_mode', 'uuid', 'managed'],
    samples: ({ guests }) =>
      guests.map((guest) => ({
        labels: {
          ...ofGuest(guest),
          configured_mode: known(guest.mode.configured),
          chosen_mode: known(guest.mode.chosen),
          uuid: guest.uuid,
          managed: String(guest.managed),
        },
        value: 1,
      })),
  },
  eachGuest('tetrarch_guest_running', gauge('1 for a guest that runs, else 0.'), ({ state }) =>
    Number(state === 'running'),
  ),
  eachGuest(
    'tetrarch_guest_mode_differs',
    gauge('1 for a guest that runs as something else than it should, else 0.'),
    ({ mode }) => Number(mode.differs),
  ),
  eachGuest(
    'tetrarch_guest_recent_crashes',
    gauge('Crashes within the crash-loop window.'),
    ({ brake }) => brake?.crashes ?? 0,
  ),
  eachDomain('tetrarch_guest_vcpus', gauge('vCPUs that are online.'), ({ vcpus }) => vcpus),
  eachDomain('tetrarch_guest_memory_bytes', bytes('Memory of the domain.'), ({ memoryMiB }) => memoryMiB * MIB),
  eachDomain(
    'tetrarch_guest_cpu_seconds',
    secondsCounter('CPU time of all vCPUs since the domain was built.'),
    ({ cpuSeconds }) => cpuSeconds,
  ),
  eachDisk('tetrarch_guest_disk_reads', counter('Reads of a disk that were served.'), ({ reads }) => reads),
  eachDisk('tetrarch_guest_disk_writes', counter('Writes to a disk that were served.'), ({ writes }) => writes),
  eachDisk('tetrarch_guest_disk_flushes', counter('Flushes and barriers of a disk.'), ({ flushes }) => flushes),
  eachDisk('tetrarch_guest_disk_read_bytes', bytesCounter('Bytes read from a disk.'), (disk) => disk.readBytes),
  eachDisk('tetrarch_guest_disk_written_bytes', bytesCounter('Bytes written to a disk.'), (disk) => disk.writtenBytes),
  eachNic(
    'tetrarch_guest_network_received_bytes',
    bytesCounter('Bytes that the guest received.'),
    ({ receivedBytes }) => receivedBytes,
  ),
  eachNic('tetrarch_guest_network_sent_bytes', bytesCounter('Bytes that the guest sent.'), (nic) => nic.sentBytes),
  eachNic(
    'tetrarch_guest_network_received_packets',
    counter('Packets that the guest received.'),
    ({ receivedPackets }) => receivedPackets,
  ),
  eachNic('tetrarch_guest_network_sent_packets', counter('Packets that the guest sent.'), (nic) => nic.sentPackets),
  eachNic(
    'tetrarch_guest_network_receive_dropped_packets',
    counter('Packets for the guest that dom0 dropped.'),
    ({ receiveDropped }) => receiveDropped,
  ),
  eachNic(
    'tetrarch_guest_network_send_dropped_packets',
    counter('Packets of the guest that dom0 dropped.'),
    ({ sendDropped }) => sendDropped,
  ),
  eachDomain(
    'tetrarch_guest_device_model_cpu_seconds',
    secondsCounter('CPU time of the QEMU that serves the guest.'),
    ({ deviceModel }) => deviceModel?.cpuSeconds ?? null,
  ),
  eachDomain(
    'tetrarch_guest_device_model_memory_bytes',
    bytes('Memory of that QEMU in dom0 (PSS).'),
    ({ deviceModel }) => deviceModel && Math.round(deviceModel.memoryMiB * MIB),
  ),
  {
    ...{ name: 'tetrarch_guest_device_model_healthy', type: 'gauge' },
    help: '1 when that QEMU lives and answers, 0 when it died or hangs.',
    labels: ['guest', 'mode'],
    samples: ({ guests }) =>
      guests.flatMap((guest) =>
        guest.deviceModel === null
          ? []
          : [{ labels: ofGuest(guest), value: Number(guest.deviceModel.health === 'well') }],
      ),
  },
]

const daemonMetrics: readonly Metric[] = [
  single(
    'tetrarch_daemon_start_time_seconds',
    { type: 'gauge', unit: 'seconds', help: 'When the daemon was started, in seconds since 1970.' },
    ({ host }) => Date.parse(host.daemon.startedAt) / 1000,
  ),
  single(
    'tetrarch_daemon_cpu_seconds',
    secondsCounter('CPU time of the daemon without its workers.'),
    ({ daemon }) => daemon.cpuSeconds,
  ),
  single(
    'tetrarch_daemon_memory_bytes',
    bytes('Resident memory of the daemon without its workers.'),
    ({ daemon }) => daemon.memoryBytes,
  ),
  single('tetrarch_daemon_workers', gauge('Processes that call libxl.'), ({ host }) => host.daemon.workers.length),
  single('tetrarch_daemon_events', counter('Events that were told.'), ({ daemon }) => daemon.events),
  single(
    'tetrarch_daemon_running_tasks',
    gauge('Operations that run or wait for their turn.'),
    ({ daemon }) => daemon.runningTasks,
  ),
]

export const metricSections: readonly { readonly title: string; readonly metrics: readonly Metric[] }[] = [
  { title: 'Host', metrics: hostMetrics },
  { title: 'Guests', metrics: guestMetrics },
  { title: 'Daemon', metrics: daemonMetrics },
]
