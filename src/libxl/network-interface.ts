/** Network interfaces of dom0: names, addresses, MTU, bridges. netdevice(7) and include/uapi/linux/sockios.h. */
import { closeSync, readFileSync } from 'node:fs'
import { fail } from '../words/errors.ts'
import { errno } from './ffi.ts'
import { ioctlStruct, socket } from './libc.ts'
import { NativeMemory } from './memory.ts'

const AF_INET = 2
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000

/** struct ifreq: a name and a union. */
const IFREQ_BYTES = 40
const NAME_BYTES = 16
const requests = {
  getFlags: 0x8913,
  setFlags: 0x8914,
  setMtu: 0x8922,
  setName: 0x8923,
  setAddress: 0x8924,
  addToBridge: 0x89a2,
} as const
const ARPHRD_ETHER = 1
const IFF_UP = 1
const EBUSY = 16
/** The largest unicast address, as Xen's scripts give it, so that no bridge takes it for its own. */
const PORT_ADDRESS = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff]
/** What Linux takes as a name (dev_valid_name); it goes into paths below /sys. */
const INTERFACE_NAME = /^(?!\.\.?$)[^\s/:\0]{1,15}$/

/** Changes interfaces while it is open. Every call throws when the kernel refuses. */
export class NetworkInterfaces implements Disposable {
  readonly #socket: number

  constructor() {
    this.#socket = socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0)
    if (this.#socket < 0) throw fail('internal', { what: 'cannot open a socket', why: `socket: errno ${errno()}` })
  }

  rename(name: string, to: string): void {
    checked(to)
    this.#request(name, 'setName', (union) => writeName(union, to))
  }

  /** Gives it the address of a port that only forwards. */
  setPortAddress(name: string): void {
    this.#request(name, 'setAddress', (union) => {
      union.setUint16(0, ARPHRD_ETHER, true)
      PORT_ADDRESS.forEach((byte, index) => union.setUint8(2 + index, byte))
    })
  }

  setMtu(name: string, mtu: number): void {
    this.#request(name, 'setMtu', (union) => union.setInt32(0, mtu, true))
  }

  /** A port of the bridge already is no error. */
  addToBridge(bridge: string, name: string): void {
    const index = Number(readFileSync(`/sys/class/net/${checked(name)}/ifindex`, 'utf8'))
    this.#request(bridge, 'addToBridge', (union) => union.setInt32(0, index, true), [EBUSY])
  }

  setUp(name: string): void {
    const flags = this.#request(name, 'getFlags', () => undefined)
    this.#request(name, 'setFlags', (union) => union.setUint16(0, flags | IFF_UP, true))
  }

  [Symbol.dispose](): void {
    closeSync(this.#socket)
  }

  /** What the first two bytes of the answer hold: flags, where they were asked for. */
  #request(
    name: string,
    request: keyof typeof requests,
    fill: (union: DataView) => void,
    ignored: readonly number[] = [],
  ): number {
    using ifreq = new NativeMemory(IFREQ_BYTES)
    writeName(ifreq.view, checked(name))
    const union = new DataView(ifreq.view.buffer, ifreq.view.byteOffset + NAME_BYTES, IFREQ_BYTES - NAME_BYTES)
    fill(union)
    if (ioctlStruct(this.#socket, requests[request], ifreq.at) === 0 || ignored.includes(errno()))
      return union.getUint16(0, true)
    throw fail('host-lacks', { what: `cannot change the interface ${name}`, why: `${request}: errno ${errno()}` })
  }
}

/** The MTU of an interface of dom0, null when there is no such interface. */
export function mtuOf(name: string): number | null {
  try {
    return Number(readFileSync(`/sys/class/net/${checked(name)}/mtu`, 'utf8'))
  } catch {
    return null
  }
}

function writeName(into: DataView, name: string): void {
  Buffer.from(name).forEach((byte, index) => into.setUint8(index, byte))
}

function checked(name: string): string {
  if (INTERFACE_NAME.test(name) && Buffer.byteLength(name) < NAME_BYTES) return name
  throw fail('host-lacks', { what: `${JSON.stringify(name)} cannot be the name of an interface` })
}
