/**
 * The port to the hypervisor: everything the daemon needs of a host, and nothing that tells how. Two hosts stand
 * behind it: Xen (xen-host.ts) and one in memory (simulated-host.ts) for tests and for people who write clients.
 *
 * What a host promises: an operation either happened or rejected with a TetrarchError; a cancelled or failed
 * `build` may leave a half-made domain, which `sweep` removes. A host never decides policy.
 */
import type { Booted, Device, EndReason } from '../api/guest.ts'
import type { GuestSpec } from '../config/guest-spec.ts'
import type { JsonObject } from '../libxl/requests.ts'
import type { LibxlType } from '../modes/mode.ts'
import type { HostFacts, KernelFacts } from '../modes/facts.ts'
import type { Domid, Uuid } from '../words/ids.ts'
import type { GuestConsole } from './consoles/guest-console.ts'

/** A domain as one call to the hypervisor shows it; cheap enough to be asked for at every request. */
export interface Domain {
  readonly domid: Domid
  readonly uuid: Uuid
  readonly state: 'running' | 'paused' | 'shutdown' | 'dying'
  /** Why it shut itself down, null while it has not. */
  readonly shutdown: Exclude<EndReason, 'destroyed'> | null
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
  /** HVM_PARAM_CALLBACK_IRQ is set: the kernel in it asked Xen for events. */
  readonly callbackVector: boolean
  /** The QEMU that serves it, checked against /proc; null when there is none. */
  readonly deviceModelPid: number | null
}

/** Where the words of a running operation go, and how it is stopped. */
export interface Operation {
  readonly signal: AbortSignal
  /** A note for the task's log; libxl's own lines come through here too. */
  readonly log: (line: string) => void
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

export interface Host {
  readonly simulated: boolean
  facts(): Promise<HostFacts>
  /** All domains but dom0, in order of domid. */
  domains(): readonly Domain[]
  /** Called whenever domains may have come, gone or shut down, until the disposal; never a promise that one did. */
  onDomainsChanged(listener: () => void): Disposable
  /** Rejects with `not-found` when the domain has gone. */
  describe(domid: Domid): Promise<DomainDescription>
  /** Called when the description of this domain may have changed, until the disposal. */
  watchDescription(domid: Domid, listener: () => void): Promise<AsyncDisposable>

  /** Checks that files and bridges of a specification exist, before anything is built. Rejects with `file-missing`, `host-lacks`. */
  checkResources(spec: GuestSpec): Promise<void>
  /** Memory that building this takes from Xen's free memory, MiB. */
  neededMemoryMiB(config: JsonObject, operation: Operation): Promise<number>
  /** Reads the kernel from the guest's disk or from dom0, as the specification says. */
  prepareBoot(spec: GuestSpec, operation: Operation): Promise<BootSource>
  /** Gives back what prepareBoot made, when the domain was built or will not be. */
  releaseBoot(boot: BootSource): Promise<void>

  /** Builds a paused domain from a libxl configuration. */
  build(config: JsonObject, operation: Operation): Promise<Domid>
  /** Removes whatever is left of a domain of this uuid: the domain, its devices, loop devices and xenstore nodes. */
  sweep(uuid: Uuid, spec: GuestSpec, operation: Operation): Promise<void>
  destroy(domid: Domid, operation: Operation): Promise<void>
  pause(domid: Domid, operation: Operation): Promise<void>
  unpause(domid: Domid, operation: Operation): Promise<void>
  /** Asks the guest; says who was asked. */
  shutdown(domid: Domid, operation: Operation): Promise<'pv-control' | 'acpi'>
  reboot(domid: Domid, operation: Operation): Promise<'pv-control' | 'acpi'>

  /** The console of a domain, read from its first byte on into the log of that name. */
  openConsole(domid: Domid, name: string): Promise<GuestConsole>
  /** Processes that work for the host, for `tetrarch host`. */
  workers(): readonly { readonly pid: number; readonly busyWith: string | null }[]
  close(): Promise<void>
}
