import type { Device } from '../../api/guest.ts'
import type { DeviceCounters } from '../host.ts'

/** What a simulated device does in each second that its guest works. */
const DISK = { reads: 40, writes: 20, bytesEach: 16_384 }
const NIC = { received: 100, sent: 50, bytesEach: 800 }

/** What dom0's kernel would have counted of these devices. Disks that a QEMU serves are not counted there. */
export function trafficOf(devices: readonly Device[], workedMs: number): DeviceCounters {
  const during = (perSecond: number) => Math.floor((workedMs * perSecond) / 1000)
  return {
    disks: devices
      .filter(({ kind, backend }) => kind === 'disk' && backend !== 'qdisk')
      .map(({ name }) => ({
        name,
        reads: during(DISK.reads),
        writes: during(DISK.writes),
        flushes: 0,
        readBytes: during(DISK.reads) * DISK.bytesEach,
        writtenBytes: during(DISK.writes) * DISK.bytesEach,
      })),
    nics: devices
      .filter(({ kind }) => kind === 'nic')
      .map(({ name }) => ({
        name,
        receivedBytes: during(NIC.received) * NIC.bytesEach,
        sentBytes: during(NIC.sent) * NIC.bytesEach,
        receivedPackets: during(NIC.received),
        sentPackets: during(NIC.sent),
        receiveDropped: 0,
        sendDropped: 0,
      })),
  }
}
