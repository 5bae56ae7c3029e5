import type { DiskUsage, GuestUsage, NicUsage, Usage } from '../../api/usage.ts'

/** What a guest did between two readings of its counters. Rates are null for one that was not there at the first. */
export interface GuestRates extends Pick<
  GuestUsage,
  'name' | 'uuid' | 'domid' | 'state' | 'mode' | 'managed' | 'vcpus'
> {
  readonly memoryMiB: number
  /** 100 is one processor. */
  readonly cpuPercent: number | null
  /** Null also for a guest none of whose disks is counted. Bytes per second. */
  readonly disk: { readonly read: number; readonly written: number } | null
  /** Bytes per second. */
  readonly network: { readonly received: number; readonly sent: number } | null
  readonly deviceModel: {
    readonly pid: number
    readonly cpuPercent: number | null
    readonly memoryMiB: number
  } | null
}

export interface Sample {
  /** ISO 8601. */
  readonly time: string
  /** How long was counted for it. */
  readonly seconds: number
  readonly host: Usage['host']
  readonly guests: readonly GuestRates[]
}

const PERCENT = 100
const TENTHS = 10
const MILLISECONDS = 1000

/** The rates between two answers of GET /v1/usage. */
export function sampleBetween(before: Usage, after: Usage, time: string): Sample {
  const seconds = Math.round(after.clockMs - before.clockMs) / MILLISECONDS
  const earlier = new Map(before.guests.map((guest) => [`${guest.uuid} ${guest.domid}`, guest]))
  const guests = after.guests.map((guest) => {
    const then = earlier.get(`${guest.uuid} ${guest.domid}`) ?? null
    return seconds > 0 && then !== null ? ratesOf(guest, then, seconds) : withoutRates(guest)
  })
  return { time, seconds, host: after.host, guests }
}

function withoutRates({
  name,
  uuid,
  domid,
  state,
  mode,
  managed,
  vcpus,
  memoryMiB,
  deviceModel,
}: GuestUsage): GuestRates {
  return {
    ...{ name, uuid, domid, state, mode, managed, vcpus, memoryMiB },
    ...{ cpuPercent: null, disk: null, network: null },
    deviceModel: deviceModel && { pid: deviceModel.pid, cpuPercent: null, memoryMiB: deviceModel.memoryMiB },
  }
}

function ratesOf(now: GuestUsage, then: GuestUsage, seconds: number): GuestRates {
  const { disks, nics, deviceModel, cpuSeconds } = now
  const disk = (count: (one: DiskUsage) => number) => rateOfAll(disks, then.disks, count, seconds)
  const nic = (count: (one: NicUsage) => number) => rateOfAll(nics, then.nics, count, seconds)
  const sameModel = then.deviceModel?.pid === deviceModel?.pid ? then.deviceModel : null
  return {
    ...withoutRates(now),
    cpuPercent: percentOf(cpuSeconds, then.cpuSeconds, seconds),
    disk: disks.length === 0 ? null : { read: disk((one) => one.readBytes), written: disk((one) => one.writtenBytes) },
    network:
      nics.length === 0 ? null : { received: nic((one) => one.receivedBytes), sent: nic((one) => one.sentBytes) },
    deviceModel: deviceModel && {
      pid: deviceModel.pid,
      cpuPercent: sameModel && percentOf(deviceModel.cpuSeconds, sameModel.cpuSeconds, seconds),
      memoryMiB: deviceModel.memoryMiB,
    },
  }
}

/** A counter that went back belongs to something new. */
const rateOf = (later: number, sooner: number, seconds: number): number => Math.max(0, later - sooner) / seconds

/** To a tenth. */
const percentOf = (later: number, sooner: number, seconds: number): number =>
  Math.round(rateOf(later, sooner, seconds) * PERCENT * TENTHS) / TENTHS

/** The sum over devices that were there both times, to the unit. */
function rateOfAll<D extends { readonly name: string }>(
  later: readonly D[],
  sooner: readonly D[],
  count: (device: D) => number,
  seconds: number,
): number {
  const rates = later.map((device) => {
    const old = sooner.find(({ name }) => name === device.name)
    return old === undefined ? 0 : rateOf(count(device), count(old), seconds)
  })
  return Math.round(rates.reduce((all, rate) => all + rate, 0))
}
