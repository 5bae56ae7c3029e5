/**
 * What dom0's kernel has counted of the disks and network interfaces of all domains. Files of /sys alone: no process, and
 * nothing that a guest can write.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as otherWork } from 'node:timers/promises'
import type { DiskUsage, NicUsage } from '../../api/usage.ts'
import { type Domid, domid as asDomid } from '../../words/ids.ts'
import type { DeviceCounters } from '../host.ts'
import { vbdName } from './vbd-name.ts'

/** blkback counts in sectors of 512 bytes, whatever the disk has (Linux drivers/block/xen-blkback/common.h). */
const SECTOR_BYTES = 512
const BACKEND = /^(vbd|vif)-(\d{1,5})-(\d{1,10})$/

interface Backend {
  readonly devid: number
  readonly folder: string
}

/** Backends that are read in one go, some 70 µs each: files of /sys need no waiting, and a promise for each costs more than the read. */
const IN_ONE_GO = 20

/** @param sys where sysfs is mounted */
export async function readDeviceCounters(sys = '/sys'): Promise<ReadonlyMap<Domid, DeviceCounters>> {
  const folder = join(sys, 'bus/xen-backend/devices')
  const ofDomains = new Map<Domid, { disks: DiskUsage[]; nics: NicUsage[] }>()
  for (const [index, name] of namesIn(folder).toSorted().entries()) {
    if (index % IN_ONE_GO === IN_ONE_GO - 1) await otherWork()
    const [, kind, number, devid] = BACKEND.exec(name) ?? []
    if (kind === undefined) continue
    const domid = asDomid(Number(number))
    const counters = ofDomains.get(domid) ?? { disks: [], nics: [] }
    ofDomains.set(domid, counters)
    const backend = { devid: Number(devid), folder: join(folder, name) }
    if (kind === 'vbd') counters.disks.push(...diskCounters(backend))
    else counters.nics.push(...nicCounters(backend, sys))
  }
  return ofDomains
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** None while it is being made or taken apart. */
function diskCounters({ devid, folder }: Backend): readonly DiskUsage[] {
  const [reads, writes, flushes, readSectors, writtenSectors] = readNumbers(join(folder, 'statistics'), [
    'rd_req',
    'wr_req',
    'f_req',
    'rd_sect',
    'wr_sect',
  ])
  if (reads === undefined || writes === undefined || readSectors === undefined || writtenSectors === undefined)
    return []
  return [
    {
      name: vbdName(devid),
      ...{ reads, writes, flushes: flushes ?? 0 },
      readBytes: readSectors * SECTOR_BYTES,
      writtenBytes: writtenSectors * SECTOR_BYTES,
    },
  ]
}

/** What dom0 transmits on the interface is what the guest receives. */
const DIRECTIONS = {
  receivedBytes: 'tx_bytes',
  sentBytes: 'rx_bytes',
  receivedPackets: 'tx_packets',
  sentPackets: 'rx_packets',
  receiveDropped: 'tx_dropped',
  sendDropped: 'rx_dropped',
} as const

/** Of the PV interface, and of the emulated one beside it, of which a guest uses one at a time. */
function nicCounters({ devid, folder }: Backend, sys: string): readonly NicUsage[] {
  const [name] = namesIn(join(folder, 'net'))
  if (name === undefined) return []
  const interfaces = [join(folder, 'net', name), join(sys, 'class/net', `${name}-emu`)]
  const counted = interfaces.map((each) => readNumbers(join(each, 'statistics'), Object.values(DIRECTIONS)))
  const sums = Object.keys(DIRECTIONS).map((_, index) => counted.reduce((sum, each) => sum + (each[index] ?? 0), 0))
  const [receivedBytes = 0, sentBytes = 0, receivedPackets = 0, sentPackets = 0, receiveDropped = 0, sendDropped = 0] =
    sums
  return [
    {
      name: `vif${devid}`,
      ...{ receivedBytes, sentBytes, receivedPackets, sentPackets, receiveDropped, sendDropped },
    },
  ]
}

/** The numbers in these files; undefined for one that is not there. */
function readNumbers(folder: string, files: readonly string[]): readonly (number | undefined)[] {
  // Most interfaces have no emulated card beside them, and an exception for each of its files costs most.
  return existsSync(folder) ? files.map((file) => readNumber(join(folder, file))) : []
}

function readNumber(file: string): number | undefined {
  try {
    const text = readFileSync(file, 'latin1')
    return /^\d+\s*$/.test(text) ? Number(text) : undefined
  } catch {
    return undefined
  }
}
