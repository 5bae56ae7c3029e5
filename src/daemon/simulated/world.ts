/**
 * What the owner of a simulation makes happen on its host: faults of the host, ends of guests, deeds of other toolstacks. None
 * of it goes through the daemon, which must notice.
 */
import type { Device } from '../../api/guest.ts'
import type { Domid } from '../../words/ids.ts'
import type { BootSource, DeviceModelCheck, OwnEnd } from '../host.ts'
import { type FaultPoint, createFaults } from './faults.ts'
import { SimulatedHypervisor } from './hypervisor.ts'
import { type SimulatedPlan, foreignDefaults } from './plan.ts'
import type { SimulatedSettings } from './settings.ts'

export class SimulatedWorld {
  protected readonly settings: SimulatedSettings
  protected readonly xen: SimulatedHypervisor
  protected readonly faults = createFaults()
  /** Kernels that were prepared and not given back. */
  protected readonly boots = new Set<BootSource>()

  constructor(settings: SimulatedSettings) {
    this.settings = settings
    this.xen = new SimulatedHypervisor(settings)
  }

  /** The next call of this rejects with `error`; a `build` fails half-way and leaves what it had made. */
  failNext(point: FaultPoint, error: Error): void {
    this.faults.add(point, error)
  }

  /** The next call of this never ends by itself: only its signal stops it. */
  hangNext(point: FaultPoint): void {
    this.faults.add(point, 'hang')
  }

  /** Whether a call has come to its `hangNext`. */
  hangs(point: FaultPoint): boolean {
    return this.faults.hanging().has(point)
  }

  /** The guest's kernel crashes. */
  crash(domid: Domid): void {
    this.xen.domain(domid).end('crash')
  }

  /** A guest's QEMU dies, hangs, or answers again. */
  deviceModel(domid: Domid, found: DeviceModelCheck['found']): void {
    this.xen.domain(domid).setDeviceModel(found)
  }

  /** The guest powers itself off, without being asked. */
  powerOff(domid: Domid): void {
    this.xen.domain(domid).end('poweroff')
  }

  /** The guest restarts itself, without being asked. */
  restart(domid: Domid): void {
    this.xen.domain(domid).end('reboot')
  }

  /** The guest ends in a way of its own, such as a watchdog that fires. */
  end(domid: Domid, reason: OwnEnd): void {
    this.xen.domain(domid).end(reason)
  }

  /** Another toolstack gives a domain another name. */
  rename(domid: Domid, name: string): void {
    const domain = this.xen.domain(domid)
    domain.keepAs(name, domain.plan.uuid)
  }

  /** The guest writes a node of its own tree in xenstore. */
  writeAsGuest(domid: Domid, path: string, value: string): void {
    this.xen.domain(domid).nodes.set(path, value)
  }

  /** A disk or interface is attached while the domain runs. */
  attach(domid: Domid, device: Device): void {
    const domain = this.xen.domain(domid)
    domain.plan = { ...domain.plan, devices: [...domain.plan.devices, device] }
  }

  /** Another toolstack makes a domain and lets it run. */
  foreign(plan: Partial<SimulatedPlan> & Pick<SimulatedPlan, 'name' | 'uuid'>): Domid {
    const domain = this.xen.add({ ...foreignDefaults, ...plan })
    domain.built()
    domain.unpause()
    return domain.domid
  }

  /** Another toolstack, or an administrator, destroys a domain, whoever made it. */
  vanish(domid: Domid): Promise<void> {
    return this.xen.remove(this.xen.domain(domid))
  }

  /** What is still there, in words: domains, and kernels that were prepared and not given back. */
  remains(): readonly string[] {
    const domains = this.xen.domains.map(({ domid, plan }) => `domain ${domid} "${plan.name}"`)
    return [...domains, ...[...this.boots].map(({ booted }) => `kernel ${booted.what}`)]
  }
}
