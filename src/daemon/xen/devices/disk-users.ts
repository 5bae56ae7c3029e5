/**
 * Which guest uses which disk, whoever connected it: a map kept by the watch on the backends, and read again where it
 * changed before it is relied upon. As Xen's block script does it, a disk that one guest writes is given to no other.
 */
import { loopFile } from '../../../libxl/loop.ts'
import type { Domid } from '../../../words/ids.ts'
import type { XenstoreClient } from '../../../xenstore/client.ts'
import { below, domainPath } from '../../../xenstore/paths.ts'
import { domid as asDomid } from '../../../words/ids.ts'
import { type Backend, backendName } from './backend.ts'

/** A disk by what it really is: `block 8:16`, `file 65024:1234`. A loop device is itself and its file. */
export type DiskThing = `block ${string}` | `file ${string}`

export interface DiskUse {
  readonly domid: Domid
  readonly things: readonly DiskThing[]
  readonly access: 'read-only' | 'read-write'
}

const LOOP_MAJOR = 7

export const blockThing = (major: number, minor: number): DiskThing => `block ${major}:${minor}`
export const fileThing = (device: bigint, inode: bigint): DiskThing => `file ${device}:${inode}`

/** What a number in a backend's `physical-device` stands for. */
export function thingsOf(major: number, minor: number): DiskThing[] {
  const file = major === LOOP_MAJOR ? fileOfLoop(minor) : null
  return [blockThing(major, minor), ...(file === null ? [] : [file])]
}

function fileOfLoop(minor: number): DiskThing | null {
  try {
    const file = loopFile(minor)
    return file === null ? null : fileThing(file.device, file.inode)
  } catch {
    // A device that went away in between has no file any more.
    return null
  }
}

export class DiskUsers {
  readonly #xenstore: XenstoreClient
  readonly #uses = new Map<string, DiskUse>()
  readonly #byThing = new Map<DiskThing, Set<string>>()
  readonly #changed = new Map<string, Backend>()

  constructor(xenstore: XenstoreClient) {
    this.#xenstore = xenstore
  }

  /** To be read again before the next answer. */
  changed(backend: Backend): void {
    this.#changed.set(backendName(backend), backend)
  }

  /** Counts as used from now on, also before xenstore says so. */
  claim(backend: Backend, use: DiskUse): void {
    this.release(backend)
    const name = backendName(backend)
    this.#uses.set(name, use)
    for (const thing of use.things) this.#byThing.set(thing, (this.#byThing.get(thing) ?? new Set()).add(name))
  }

  release(backend: Backend): void {
    const name = backendName(backend)
    for (const thing of this.#uses.get(name)?.things ?? []) {
      const users = this.#byThing.get(thing)
      users?.delete(name)
      if (users?.size === 0) this.#byThing.delete(thing)
    }
    this.#uses.delete(name)
    this.#changed.delete(name)
  }

  /** The uses that forbid this access, as xenstore has them now. What one virtual machine does to itself is its own matter. */
  async against(things: readonly DiskThing[], access: DiskUse['access'], vm: string | null): Promise<DiskUse[]> {
    await this.#refresh()
    const names = new Set(things.flatMap((thing) => [...(this.#byThing.get(thing) ?? [])]))
    const uses = [...names].flatMap((name) => this.#uses.get(name) ?? [])
    const rivals = uses.filter((use) => access === 'read-write' || use.access === 'read-write')
    const vms = await Promise.all(rivals.map(({ domid }) => this.#xenstore.readText(below(domainPath(domid), 'vm'))))
    // A domain without a /vm has left, and its backend follows.
    return rivals.filter((_, index) => vms[index] !== null && vms[index] !== vm)
  }

  async #refresh(): Promise<void> {
    // xenstored sends the events of all earlier writes before this answer.
    await this.#xenstore.read(below(domainPath(asDomid(0)), 'name'))
    const changed = [...this.#changed.values()]
    this.#changed.clear()
    await Promise.all(changed.map((backend) => this.#read(backend)))
  }

  async #read(backend: Backend): Promise<void> {
    const [device, mode] = await Promise.all(
      ['physical-device', 'mode'].map((node) => this.#xenstore.readText(below(backend.path, node))),
    )
    const numbers = /^([0-9a-f]{1,8}):([0-9a-f]{1,8})$/.exec(device ?? '')
    // While one of ours is being connected, its claim is all there is.
    if (numbers === null) {
      if (mode === null) this.release(backend)
      return
    }
    const things = thingsOf(parseInt(numbers[1] ?? '', 16), parseInt(numbers[2] ?? '', 16))
    const access = mode?.includes('w') === true ? 'read-write' : 'read-only'
    this.claim(backend, { domid: backend.domid, things, access })
  }
}
