/**
 * The port to the hypervisor: everything the daemon needs of a host, and nothing that tells how. Two hosts stand
 * behind it: Xen (xen-host.ts) and one in memory (simulated-host.ts) for tests and for people who write clients.
 *
 * What a host promises: an operation either happened or rejected with a TetrarchError; a cancelled or failed
 * `build` may leave a half-made domain, which `sweep` removes. A host never decides policy.
 */
import type { Booted, Device, EndReason, Vcpu } from '../api/guest.ts'
import type { DiskUsage, NicUsage } from '../api/usage.ts'
import type { GuestSpec } from '../config/guest-spec.ts'
import type { Neighbour } from '../config/lint/neighbour.ts'
import type { JsonObject } from '../libxl/requests.ts'
import type { LibxlType } from '../modes/domain-type.ts'
import type { Cdrom } from '../qemu/ask.ts'
import type { HostFacts, KernelFacts } from '../modes/facts.ts'
import type { BootWords } from '../pygrub/guest-boot.ts'
import type { BootEntries, DiskRequest, GuestSystem } from '../pygrub/types.ts'
import type { Domid, Uuid } from '../words/ids.ts'
import type { GuestConsole } from './consoles/guest-console.ts'

/** How a domain ends by itself. */
export type OwnEnd = Exclude<EndReason, 'destroyed' | 'device-model'>

/** A domain as one call to the hypervisor shows it; cheap enough to be asked for at every request. */
export interface Domain {
  readonly domid: Domid
  readonly uuid: Uuid
  readonly state: 'running' | 'paused' | 'shutdown' | 'dying'
  /** Why it shut itself down, null while it has not. */
  readonly shutdown: OwnEnd | null
  readonly memoryMiB: number
  readonly vcpus: number
  readonly cpuTimeSeconds: number
  /** Hardware virtualized, so PVH or HVM. */
  readonly hvm: boolean
  /** XEN_X86_EMU_* bits; a local APIC alone (1) is PVH. */
  readonly emulationFlags: number
}

/** What xenstore and /proc add about a domain; read once and again when a watch fires. */
export interface DomainDescription {
  /** Null while it is being made or taken apart, and for a domain that was made by hand. */
  readonly name: string | null
  /** What libxl wrote it was built as; null for domains that libxl did not make. */
  readonly libxlType: LibxlType | null
  readonly devices: readonly Device[]
  /** What of it no other guest may have. */
  readonly claims: Pick<Neighbour, 'disks' | 'macs'>
  /** libxl's record of it says that Xen's PV shim runs in it. */
  readonly shim: boolean
  /** HVM_PARAM_CALLBACK_IRQ is set: the kernel in it asked Xen for events. */
  readonly callbackVector: boolean
  /** The QEMU that serves it, checked against /proc; null when there is none. */
  readonly deviceModelPid: number | null
  /** The QEMU that xenstore says serves it and that is not there; null when there is none, or it is there. */
  readonly lostDeviceModelPid: number | null
  /** Where its screen is shown over VNC, `127.0.0.1:5900` or `unix:/path`; null for a guest without. */
  readonly vncAddress: string | null
}

/** A look at the QEMU that serves a domain; `lastWords` are those of its log, without control characters. */
export type DeviceModelCheck =
  | { readonly found: 'well'; readonly status: string | null; readonly cdroms: readonly Cdrom[] }
  | { readonly found: 'silent'; readonly why: string; readonly lastWords: readonly string[] }
  | { readonly found: 'gone'; readonly lastWords: readonly string[] }

export interface DeviceModelUsage {
  /** Its share of memory (PSS). */
  readonly memoryMiB: number
  /** CPU time of all its threads since it began. */
  readonly cpuSeconds: number
}

/** What dom0's kernel counted of a domain's devices since it was built. Disks that a QEMU serves are not among them. */
export interface DeviceCounters {
  readonly disks: readonly DiskUsage[]
  readonly nics: readonly NicUsage[]
}

/** Where the words of a running operation go, and how it is stopped. */
export interface Operation {
  readonly signal: AbortSignal
  /** A note for the task's log; libxl's own lines come through here too. */
  readonly log: (line: string) => void
}

/** Who took a request to end: the PV driver in the guest, its ACPI power button was pressed, or nobody has until now. */
export type AskedBy = 'pv-control' | 'acpi' | 'nobody'

/** What a kept domain is called from now on. */
export interface Preserved {
  readonly name: string
  readonly suffix: string
  readonly uuid: Uuid
}

/** What a domain that was built ahead gets when a guest is made of it. */
export interface Equipment {
  /** What it was called until now. */
  readonly from: string
  readonly uuid: Uuid
  /** A libxl configuration, of which the name, the disks and the nics are taken. */
  readonly config: JsonObject
}

/** What a guest is started from: files in dom0 that libxl is given, all null when firmware or pvgrub does it. */
export interface BootSource {
  readonly kernel: string | null
  readonly ramdisk: string | null
  readonly cmdline: string | null
  readonly booted: Booted
  /** What the kernel can do, null when no kernel was looked at. */
  readonly kernelFacts: KernelFacts | null
}

/** What of the guest's own boot menu is started this once, over what its definition says. */
export type BootChoice = Omit<BootWords, 'extraArgs'>

/** What of a specification is in dom0, and what it is. */
export interface Inspection {
  /** Files that it names and that cannot be read. */
  readonly missingFiles: ReadonlySet<string>
  /** The format that a disk's own bytes show, by its target; `raw` for none. */
  readonly diskHeaders: ReadonlyMap<string, string>
  /** Those of the bridges that it names which are there. */
  readonly bridges: ReadonlySet<string>
}

export interface Host {
  readonly simulated: boolean
  facts(): Promise<HostFacts>
  /** All domains but dom0, in order of domid. */
  domains(): readonly Domain[]
  /** One of them, at a cost that does not grow with their number; null when it is gone. */
  domain(domid: Domid): Domain | null
  /** Called whenever domains may have come, gone or shut down, until the disposal; never a promise that one did. */
  onDomainsChanged(listener: () => void): Disposable
  /** The vCPUs of a domain; none when it has gone. */
  vcpus(domid: Domid): readonly Vcpu[]
  /** Rejects with `not-found` when the domain has gone. */
  describe(domid: Domid): Promise<DomainDescription>
  /** What a device model costs now; null when the process has gone. */
  deviceModelUsage(pid: number): Promise<DeviceModelUsage | null>
  /** The counters of all domains that have devices. */
  deviceCounters(): Promise<ReadonlyMap<Domid, DeviceCounters>>
  /** A node of the domain's own tree in xenstore, which the guest may have written; null when there is none. */
  readOfGuest(domid: Domid, path: string): Promise<string | null>
  /** Whether it lives and answers, and what it says of itself. Keeps its log within bounds. */
  checkDeviceModel(domid: Domid, pid: number): Promise<DeviceModelCheck>
  /** Ends a QEMU that hangs, if this process still serves this domain: it would keep the dead domain's memory. */
  endDeviceModel(domid: Domid, pid: number): Promise<void>
  /** Called when the description of this domain may have changed since this resolved, until the disposal. */
  watchDescription(domid: Domid, listener: () => void): Promise<AsyncDisposable>

  /** Checks that files and bridges of a specification exist, before anything is built. Rejects with `file-missing`, `host-lacks`. */
  checkResources(spec: GuestSpec): Promise<void>
  /** Looks at what a specification names in dom0, for the checks of its definition. */
  inspect(spec: GuestSpec): Promise<Inspection>
  /** Memory that building this takes from Xen's free memory, MiB. */
  neededMemoryMiB(config: JsonObject, operation: Operation): Promise<number>
  /** All entries of the boot menus on a disk. Rejects with `boot-not-found` and all that was looked at when there are none. */
  bootEntries(disk: DiskRequest & { readonly kernels: 'look' | 'name' }): Promise<BootEntries>
  /** What the system on a disk is like, for a change of its mode. Rejects with `boot-not-found` for what is no disk. */
  guestSystem(disk: DiskRequest): Promise<GuestSystem>
  /** Reads the kernel from the guest's disk or from dom0, as the specification and the choice for this start say. */
  prepareBoot(spec: GuestSpec, operation: Operation, choice?: BootChoice): Promise<BootSource>
  /** Gives back what prepareBoot made, when the domain was built or will not be. */
  releaseBoot(boot: BootSource): Promise<void>

  /** Builds a paused domain from a libxl configuration. */
  build(config: JsonObject, operation: Operation): Promise<Domid>
  /** Removes whatever is left of a domain of this uuid: the domain, its devices, loop devices and xenstore nodes. */
  sweep(uuid: Uuid, spec: GuestSpec, operation: Operation): Promise<void>
  /** Makes a guest of a domain that was built ahead and has not run. One that this failed for is half-made, as after `build`. */
  equip(domid: Domid, as: Equipment, operation: Operation): Promise<void>
  destroy(domid: Domid, operation: Operation): Promise<void>
  /** Stops the guest and writes its memory into a new file, which is whole or not there. The domain stays, suspended. */
  save(domid: Domid, file: string, operation: Operation): Promise<void>
  /** Lets a domain go on that `save` has stopped. */
  resume(domid: Domid, operation: Operation): Promise<void>
  /** Builds a paused domain around the memory in a file of `save`, from the configuration that it had then. Otherwise as `build`. */
  restore(config: JsonObject, file: string, operation: Operation): Promise<Domid>
  pause(domid: Domid, operation: Operation): Promise<void>
  unpause(domid: Domid, operation: Operation): Promise<void>
  /** Asks the guest to power itself off, or to restart, and says who took the request: a PV driver has `noticeMs` to. */
  shutdown(domid: Domid, noticeMs: number, operation: Operation): Promise<AskedBy>
  reboot(domid: Domid, noticeMs: number, operation: Operation): Promise<AskedBy>
  /** Takes back a request that nobody has taken. */
  withdraw(domid: Domid): Promise<void>

  /** The libxl configuration of a domain as it is now, with what was attached while it ran. */
  configuration(domid: Domid, operation: Operation): Promise<JsonObject>
  /** Writes the domain's memory into a new file. */
  dumpCore(domid: Domid, file: string, operation: Operation): Promise<void>
  /**
   * Keeps a domain that has ended under another name and uuid, without the disks and interfaces that its successor needs.
   * The new name is the old one and the suffix.
   */
  preserve(domid: Domid, as: Preserved, operation: Operation): Promise<void>
  /** Gives a domain that asked for it new devices and lets it go on (kexec). Only HVM domains can. */
  softReset(domid: Domid, config: JsonObject, operation: Operation): Promise<void>

  /**
   * The console of a domain, read from its first byte on into the log of that name; without a name into none, and only
   * while somebody is attached. Rejects with `wrong-state` when another program reads it.
   */
  openConsole(domid: Domid, log: string | null): Promise<GuestConsole>
  /** The password of its screen, null when it has none. */
  vncPassword(domid: Domid): Promise<string | null>
  /** Processes that work for the host, for `tetrarch host`. */
  workers(): readonly { readonly pid: number; readonly busyWith: string | null }[]
  close(): Promise<void>
}
