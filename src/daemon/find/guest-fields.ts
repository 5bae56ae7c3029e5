/** The fields that a query over guests can ask for; docs/queries.md is made from this table. */
import type { Guest } from '../../api/guest.ts'
import type { GuestSpec } from '../../config/guest-spec.ts'

/** What a query looks at. */
export interface Findable {
  readonly guest: Guest
  /** Null for domains of other toolstacks. */
  readonly spec: GuestSpec | null
}

export interface QueryField {
  readonly says: string
  readonly value: (findable: Findable) => unknown
}

const modeOf = ({ mode }: Guest): string | null =>
  mode.observed ?? mode.lastSeen?.mode ?? mode.chosen ?? mode.configured

const disks = ({ spec }: Findable) => spec?.disks.map(({ vdev, target, format }) => ({ vdev, target, format })) ?? []
const nics = ({ spec }: Findable) => spec?.nics.map(({ mac, bridge, type }) => ({ mac, bridge, type })) ?? []
const xapiStates: Readonly<Partial<Record<Guest['state'], string>>> = { halted: 'Halted', paused: 'Paused' }

export const guestFields: Readonly<Record<string, QueryField>> = {
  name: { says: 'its name', value: ({ guest }) => guest.name },
  uuid: { says: 'its uuid', value: ({ guest }) => guest.uuid },
  domid: { says: "Xen's number of its domain, none when halted", value: ({ guest }) => guest.domid },
  state: {
    says: 'halted, starting, running, paused, stopping, crashed, shutdown, dying',
    value: ({ guest }) => guest.state,
  },
  virtualizationMode: {
    says: 'pv, pvh, hvm, pvhvm or pv-in-pvh: what it is observed as; of a halted guest, what it was last seen as, else what its definition says',
    value: ({ guest }) => modeOf(guest),
  },
  configuredMode: { says: 'what its definition asks for, auto among it', value: ({ guest }) => guest.mode.configured },
  chosenMode: { says: 'what its domain was built as', value: ({ guest }) => guest.mode.chosen },
  lastSeenMode: { says: 'what it was last seen as', value: ({ guest }) => guest.mode.lastSeen?.mode },
  modeDiffers: { says: 'true when it runs as something else than it should', value: ({ guest }) => guest.mode.differs },
  qemu: { says: 'the process id of its QEMU, none without', value: ({ guest }) => guest.deviceModel?.pid },
  memory: { says: 'its memory in MiB', value: ({ guest }) => guest.memoryMiB },
  vcpus: { says: 'its vCPUs', value: ({ guest }) => guest.vcpus },
  cpuTime: { says: 'seconds of CPU time since its domain was built', value: ({ guest }) => guest.cpuTimeSeconds },
  managed: { says: 'false for domains of other toolstacks', value: ({ guest }) => guest.managed },
  defined: { says: 'true when a file in the guests folder defines it', value: ({ guest }) => guest.defined },
  kernel: { says: 'the version of the kernel it was started with', value: ({ guest }) => guest.booted?.kernelVersion },
  booted: { says: 'kernel, boot-loader, firmware or pvgrub', value: ({ guest }) => guest.booted?.how },
  lastEnd: { says: 'how its last domain ended', value: ({ guest }) => guest.lastEnd?.reason },
  warnings: { says: 'what was found in its definition', value: ({ guest }) => guest.warnings },
  tags: { says: 'the tags of its definition', value: ({ spec }) => spec?.tags },
  description: { says: 'the description of its definition', value: ({ spec }) => spec?.description },
  autostart: { says: 'true when it starts with the host', value: ({ spec }) => spec?.autostart },
  disks: { says: 'its disks: vdev, target, format; disks:length counts them', value: disks },
  nics: { says: 'its nics: mac, bridge, type; nics:length counts them', value: nics },
  name_label: { says: 'as name, for queries of Xen Orchestra', value: ({ guest }) => guest.name },
  name_description: { says: 'as description, for queries of Xen Orchestra', value: ({ spec }) => spec?.description },
  power_state: {
    says: 'Halted, Paused or Running, for queries of Xen Orchestra',
    value: ({ guest }) => xapiStates[guest.state] ?? 'Running',
  },
  auto_poweron: { says: 'as autostart, for queries of Xen Orchestra', value: ({ spec }) => spec?.autostart },
  boot: {
    says: 'order: the letters of its boot order, for queries of Xen Orchestra',
    value: ({ spec }) => ({ order: spec?.bootOrder }),
  },
  $VBDs: { says: 'as disks, for queries of Xen Orchestra', value: disks },
  VIFs: { says: 'as nics, for queries of Xen Orchestra', value: nics },
}

export const guestRecord = (findable: Findable): object =>
  Object.fromEntries(Object.entries(guestFields).map(([name, { value }]) => [name, value(findable)]))
