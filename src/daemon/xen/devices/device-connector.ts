/**
 * Connects disks and network interfaces to guests without a shell. libxl writes a backend's nodes and runs the program they
 * name; where that is our connect-device, the work is done here as soon as the nodes appear, and connect-device passes the
 * verdict on to libxl. Whoever made the domain: what xl restores from one of ours is connected as well.
 *
 *   seen ──not our program──▶ left alone
 *     └──▶ waiting (netback has no interface yet) ──▶ connecting ──▶ connected or refused ──nodes removed──▶ forgotten
 */
import type { Logger } from 'pino'
import type { DaemonConfig } from '../../../config/daemon-config.ts'
import { type TetrarchError, asTetrarchError } from '../../../words/errors.ts'
import type { Domid, Uuid } from '../../../words/ids.ts'
import { domid as asDomid } from '../../../words/ids.ts'
import { CONNECT_SHARED } from '../../../libxl/domain-config/devices.ts'
import type { XenstoreClient } from '../../../xenstore/client.ts'
import { vmPath, xenstorePath } from '../../../xenstore/paths.ts'
import {
  type Backend,
  type BackendKind,
  backendKinds,
  backendName,
  backendOf,
  backendRoot,
  changeAt,
} from './backend.ts'
import { type BackendNodes, diskRequest, nicRequest, readNodes, writeNodes } from './backend-nodes.ts'
import { type DiskTools, connectDisk } from './connect-disk.ts'
import { type NicTools, connectNic, disconnectNic } from './connect-nic.ts'
import { DiskUsers } from './disk-users.ts'
import { Verdicts } from './verdicts.ts'
import { XenLock } from './xen-lock.ts'

/** The backends as the kernel shows them. */
const BACKENDS = '/sys/bus/xen-backend/devices'

export interface ConnectorOptions {
  readonly xenstore: XenstoreClient
  readonly log: Logger
  /** The program whose devices are ours, an absolute path. */
  readonly program: string
  /** Other places than those of a dom0, for tests without Xen. */
  readonly places?: { readonly verdicts: string; readonly lock: string; readonly backends: string }
  readonly limits: Pick<DaemonConfig['devices'], 'lockMs' | 'openMs' | 'openVswitchMs'>
}

/** A build in progress, which wants to know why a device of it was refused. */
export interface ExpectedDevices extends Disposable {
  readonly failure: TetrarchError | null
}

interface Known {
  readonly backend: Backend
  state: 'new' | 'connecting' | 'connected' | 'refused' | 'left alone'
  nodes: BackendNodes | null
  /** What happened while it was being looked at. */
  missed: 'nothing' | 'a change' | 'a removal'
}

export class DeviceConnector {
  readonly #options: ConnectorOptions
  readonly #verdicts: Verdicts
  readonly #users: DiskUsers
  readonly #lock: XenLock
  readonly #known = new Map<BackendKind, Map<Domid, Map<number, Known>>>(backendKinds.map((kind) => [kind, new Map()]))
  readonly #expected = new Map<string, { failure: TetrarchError | null }>()

  constructor(options: ConnectorOptions) {
    this.#options = options
    this.#verdicts = new Verdicts(options.places?.verdicts)
    this.#users = new DiskUsers(options.xenstore)
    this.#lock = new XenLock({ waitMs: options.limits.lockMs, file: options.places?.lock })
  }

  get #nicTools(): NicTools {
    const { xenstore, limits } = this.#options
    return { xenstore, openVswitchMs: limits.openVswitchMs }
  }

  get #diskTools(): DiskTools {
    const { xenstore, limits, places } = this.#options
    const backends = places?.backends ?? BACKENDS
    return { xenstore, backends, users: this.#users, lock: this.#lock, openMs: limits.openMs }
  }

  /** Takes up what is there, and connects what waits. */
  async start(): Promise<void> {
    await this.#verdicts.open()
    const there = await Promise.all(backendKinds.map((kind) => this.#list(kind)))
    await this.#verdicts.keepOnly(there.flat())
    for (const kind of backendKinds)
      await this.#options.xenstore.watch(backendRoot(kind), (path) => this.#changed(kind, path))
  }

  /** From now on Xen's scripts connect what is left to us. */
  close(): Promise<void> {
    return this.#verdicts.close()
  }

  expect(uuid: Uuid): ExpectedDevices {
    const expected = { failure: null }
    this.#expected.set(vmPath(uuid), expected)
    return Object.assign(expected, { [Symbol.dispose]: () => void this.#expected.delete(vmPath(uuid)) })
  }

  #changed(kind: BackendKind, path: string): void {
    const change = changeAt(kind, path)
    if (change?.what === 'all') void this.#lookAtAll(kind)
    else if (change?.what === 'domain') this.#knownOf(kind, change.domid).forEach(({ backend }) => this.#look(backend))
    else if (change?.what === 'backend') this.#backendChanged(change.backend, change.node)
  }

  #backendChanged(backend: Backend, node: string | null): void {
    if (backend.kind === 'vbd' && (node === 'physical-device' || node === 'mode')) this.#users.changed(backend)
    const known = this.#knownOf(backend.kind, backend.domid).get(backend.devid)
    if (known?.state === 'connecting')
      known.missed = node === null || known.missed === 'a removal' ? 'a removal' : 'a change'
    else if (known === undefined || known.state === 'new' || node === null) this.#look(backend)
  }

  async #lookAtAll(kind: BackendKind): Promise<void> {
    const there = await this.#list(kind).catch(() => [])
    for (const backend of there) {
      if (kind === 'vbd') this.#users.changed(backend)
      this.#look(backend)
    }
  }

  async #list(kind: BackendKind): Promise<Backend[]> {
    const { xenstore } = this.#options
    const domids = (await xenstore.directory(backendRoot(kind))) ?? []
    const devids = await Promise.all(
      domids.map((domid) => xenstore.directory(xenstorePath(`${backendRoot(kind)}/${domid}`))),
    )
    return domids.flatMap((domid, index) =>
      (devids[index] ?? []).map((devid) => backendOf(kind, asDomid(Number(domid)), Number(devid))),
    )
  }

  #knownOf(kind: BackendKind, domid: Domid): ReadonlyMap<number, Known> {
    return this.#known.get(kind)?.get(domid) ?? new Map<number, Known>()
  }

  #remember(backend: Backend): Known {
    const ofKind = this.#known.get(backend.kind) ?? new Map<Domid, Map<number, Known>>()
    const ofDomain = ofKind.get(backend.domid) ?? new Map<number, Known>()
    ofKind.set(backend.domid, ofDomain)
    const known = ofDomain.get(backend.devid) ?? { backend, state: 'new', nodes: null, missed: 'nothing' }
    ofDomain.set(backend.devid, known)
    return known
  }

  /** One look at a time for each backend. */
  #look(backend: Backend): void {
    const known = this.#remember(backend)
    if (known.state === 'connecting') return
    const before = known.state
    known.state = 'connecting'
    known.missed = 'nothing'
    this.#lookOnce(known, before)
      .catch((thrown: unknown) => {
        known.state = before
        this.#options.log.error({ err: thrown }, `${backendName(backend)} could not be looked at`)
      })
      .finally(() => {
        if (known.missed === 'a removal' || (known.missed === 'a change' && known.state === 'new')) this.#look(backend)
      })
  }

  async #lookOnce(known: Known, before: Known['state']): Promise<void> {
    const { backend } = known
    const nodes = await readNodes(this.#options.xenstore, backend)
    if (nodes === null) {
      await this.#gone(known)
      return
    }
    if (nodes.script !== this.#options.program && nodes.script !== CONNECT_SHARED) known.state = 'left alone'
    else if (before === 'refused') known.state = before
    // By an earlier daemon; or by Xen's script while there was none, which then gets no verdict of ours and undoes its own work.
    else if (nodes.isConnected) Object.assign(known, { nodes, state: 'connected' })
    else if (backend.kind === 'vif' && !nodes.hasInterface) known.state = 'new'
    else await this.#connect(known, nodes)
  }

  async #connect(known: Known, nodes: BackendNodes): Promise<void> {
    const { backend } = known
    const { log } = this.#options
    known.nodes = nodes
    try {
      if (backend.kind === 'vif') await connectNic(this.#nicTools, backend, nicRequest(nodes))
      else await connectDisk(this.#diskTools, backend, diskRequest(nodes))
      await this.#verdicts.connected(backend)
      known.state = 'connected'
    } catch (thrown) {
      const error = asTetrarchError(thrown)
      this.#users.release(backend)
      known.state = 'refused'
      log.warn({ err: thrown }, `${backendName(backend)} is not connected: ${error.message}`)
      const expected = this.#expected.get(nodes.vm ?? '')
      // Taken away by whoever ended the build: that is told by the end of the build.
      if (expected !== undefined && error.code !== 'cancelled') expected.failure ??= error
      await this.#refuse(backend, error)
    }
  }

  async #refuse(backend: Backend, { code, message, parts: { why } }: TetrarchError): Promise<void> {
    const text = why === undefined ? message : `${message}: ${why}`
    const status = code === 'disk-in-use' ? 'busy' : 'error'
    await writeNodes(this.#options.xenstore, backend, { 'hotplug-error': text, 'hotplug-status': status })
    await this.#verdicts.refused(backend, text)
  }

  async #gone({ backend, nodes }: Known): Promise<void> {
    const ofDomain = this.#known.get(backend.kind)?.get(backend.domid)
    ofDomain?.delete(backend.devid)
    if (ofDomain?.size === 0) this.#known.get(backend.kind)?.delete(backend.domid)
    if (backend.kind === 'vbd') this.#users.release(backend)
    if (nodes === null) return
    await this.#verdicts.forget(backend)
    if (backend.kind === 'vif') await disconnectNic(this.#nicTools, backend, nicRequest(nodes))
  }
}
