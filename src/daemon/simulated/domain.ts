import { type Duplex, duplexPair } from 'node:stream'
import { createInterface } from 'node:readline'
import type { Device } from '../../api/guest.ts'
import { domainTypes, isWholePc } from '../../modes/domain-type.ts'
import type { Domid, Uuid } from '../../words/ids.ts'
import type { AskedBy, DeviceCounters, DeviceModelCheck, Domain, DomainDescription, OwnEnd } from '../host.ts'
import { bootLog } from './boot-log.ts'
import { pass } from './faults.ts'
import type { SimulatedPlan } from './plan.ts'
import { trafficOf } from './traffic.ts'
import type { Behaviour, SimulatedTimes } from './settings.ts'

/** Where a domain is in its life; `paused` is told apart, since it can be so in any of the first three. */
type Phase = 'building' | 'built' | 'running' | 'shutdown' | 'dying'

/** XEN_X86_EMU_* (xen/include/public/arch-x86/xen.h) as libxl sets them: nothing, a local APIC, all but vPCI. */
const emulationFlags = { pv: 0, pvh: 1, hvm: 0x3ff } as const
/** Above any pid that Linux gives (2^22), so that nobody takes a simulated QEMU for a process. */
const FIRST_DEVICE_MODEL_PID = 4_200_000
const FIRST_VNC_PORT = 5900
/** Share of the time that a simulated vCPU works. */
const CPU_SHARE = 0.02

/**
 * A domain in memory, and the guest in it.
 *
 *   building ──▶ built ──unpause──▶ running ──▶ shutdown ──▶ dying ──▶ gone
 *      └────────────┴──────────────────┴─────────────────────▲
 */
export class SimulatedDomain {
  readonly domid: Domid
  plan: SimulatedPlan
  /** What the guest has written below its own tree in xenstore. */
  readonly nodes = new Map<string, string>()
  readonly #behaviour: Behaviour
  readonly #times: SimulatedTimes
  readonly #changed: () => void
  readonly #guestTty: Duplex
  /** Dom0's end of the console, with everything since the first byte waiting in it. */
  readonly tty: Duplex
  readonly #over = new AbortController()
  #phase: Phase = 'building'
  #reason: OwnEnd | null = null
  #paused = true
  #resume = Promise.withResolvers<undefined>()
  #connected = false
  #deviceModel: DeviceModelCheck['found'] = 'well'
  #kernelTakesEvents = false
  #worked = { ms: 0, since: null as number | null }

  constructor(domid: Domid, plan: SimulatedPlan, behaviour: Behaviour, times: SimulatedTimes, changed: () => void) {
    this.domid = domid
    this.plan = plan
    this.#behaviour = behaviour
    this.#times = times
    this.#changed = changed
    ;[this.#guestTty, this.tty] = duplexPair()
  }

  /** As the hypervisor lists it. */
  get domain(): Domain {
    const { domid, plan } = this
    return {
      domid,
      uuid: plan.uuid,
      state: this.#state(),
      shutdown: this.#reason,
      memoryMiB: plan.memoryMiB,
      vcpus: plan.vcpus,
      cpuTimeSeconds: (this.#workedMs() * CPU_SHARE * plan.vcpus) / 1000,
      hvm: domainTypes[plan.libxlType].hvm,
      emulationFlags: emulationFlags[plan.libxlType],
    }
  }

  /** As xenstore and /proc describe it. */
  get description(): DomainDescription {
    const { domid, plan } = this
    const runs = this.#phase !== 'building' && this.#phase !== 'dying'
    const hasModel = plan.deviceModel && runs
    const pid = FIRST_DEVICE_MODEL_PID + domid
    return {
      name: plan.name,
      libxlType: plan.libxlType,
      shim: plan.shim,
      devices: plan.devices.map((device) => ({ ...device, connected: this.#connected, emulation: this.#emulation() })),
      claims: {
        disks: plan.devices.flatMap(({ kind, target }) =>
          kind === 'disk' && target !== null ? [{ target, access: 'read-write' as const }] : [],
        ),
        macs: [],
      },
      callbackVector: this.#kernelTakesEvents,
      vncAddress: plan.vnc === null ? null : `127.0.0.1:${FIRST_VNC_PORT + domid - 1}`,
      deviceModelPid: hasModel && this.#deviceModel !== 'gone' ? pid : null,
      lostDeviceModelPid: hasModel && this.#deviceModel === 'gone' ? pid : null,
    }
  }

  /** As dom0's kernel counts its devices: each does its steady share while the guest works. */
  get counters(): DeviceCounters {
    return trafficOf(this.plan.devices, this.#workedMs())
  }

  /** As a look at its QEMU finds it. */
  checkDeviceModel(): DeviceModelCheck {
    const lastWords = ['qemu: simulated: these are its last words']
    if (this.#deviceModel === 'gone') return { found: 'gone', lastWords }
    if (this.#deviceModel === 'silent') return { found: 'silent', why: 'its process is stopped', lastWords }
    return { found: 'well', status: 'running', cdroms: [] }
  }

  /** Its QEMU dies, hangs, or answers again. */
  setDeviceModel(found: DeviceModelCheck['found']): void {
    this.#deviceModel = found
  }

  #emulation(): Device['emulation'] {
    if (!isWholePc(this.plan.libxlType)) return 'none'
    return this.#connected ? 'unplugged' : 'present'
  }

  built(): void {
    this.#phase = 'built'
    this.#changed()
  }

  pause(): void {
    if (this.#paused) return
    this.#paused = true
    this.#resume = Promise.withResolvers()
    this.#countWork()
    this.#changed()
  }

  unpause(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#resume.resolve(undefined)
    if (this.#phase === 'built') {
      this.#phase = 'running'
      this.#live(() => this.#boot())
      this.#obeyConsole()
    }
    this.#countWork()
    this.#changed()
  }

  /** Asks the guest to end; it does in its own time, or not at all. Says who was asked. */
  ask(reason: 'poweroff' | 'reboot'): AskedBy {
    if (this.#behaviour.obeys) {
      this.#live(async () => {
        await this.#work(this.#times.shutdownMs)
        this.end(reason)
      })
    }
    if (!this.#hasPvDrivers()) return 'acpi'
    return this.#behaviour.obeys ? 'pv-control' : 'nobody'
  }

  /** It gets the name and the devices of a guest. */
  equip({ name, devices }: SimulatedPlan): void {
    this.plan = { ...this.plan, name, devices }
    this.#changed()
  }

  /** It ended and is kept under another name. */
  keepAs(name: string, uuid: Uuid): void {
    this.plan = { ...this.plan, name, uuid, devices: [] }
    this.#changed()
  }

  /** It asked for new devices, or was saved, and goes on as it is. */
  goOn(): void {
    this.#reason = null
    this.#phase = 'running'
    this.#changed()
  }

  /** The guest stops now, for this reason. */
  end(reason: OwnEnd): void {
    if (this.#phase === 'shutdown' || this.#phase === 'dying') return
    this.#say(reason === 'crash' ? 'Kernel panic - not syncing: as asked' : `reboot: ${reason}`)
    this.#phase = 'shutdown'
    this.#reason = reason
    this.#over.abort()
    this.#connected = false
    this.#countWork()
    this.#changed()
  }

  /** It is being torn down; it stays listed until its host drops it. */
  die(): void {
    this.#phase = 'dying'
    this.#over.abort()
    this.#connected = false
    this.#countWork()
    this.#guestTty.end()
    this.#changed()
  }

  #state(): Domain['state'] {
    if (this.#phase === 'dying' || this.#phase === 'shutdown') return this.#phase
    return this.#paused ? 'paused' : 'running'
  }

  #hasPvDrivers(): boolean {
    return !isWholePc(this.plan.libxlType) || (this.plan.platformPci && this.#behaviour.pvDrivers)
  }

  async #boot(): Promise<void> {
    const lines = bootLog(this.plan)
    for (const line of lines) {
      await this.#work(this.#times.bootMs / lines.length)
      this.#say(line)
    }
    if (!this.#hasPvDrivers()) return
    this.#kernelTakesEvents = isWholePc(this.plan.libxlType)
    await this.#work(this.#times.pvConnectMs)
    this.#connected = true
    this.#changed()
  }

  #obeyConsole(): void {
    const typed = createInterface({ input: this.#guestTty })
    typed.on('line', (line) => {
      const word = line.trim()
      if (word === 'poweroff' || word === 'reboot' || word === 'crash') this.end(word)
      else this.#say(`${word}: not found`)
    })
    this.#over.signal.addEventListener('abort', () => typed.close(), { once: true })
  }

  #say(line: string): void {
    if (this.#phase === 'running') this.#guestTty.write(`${line}\r\n`)
  }

  /** Runs a part of the guest's life, which its end cuts off. */
  #live(part: () => Promise<void>): void {
    part().catch((error: unknown) => {
      if (!this.#over.signal.aborted) throw error
    })
  }

  /** Time that passes only while the domain is not paused. */
  async #work(ms: number): Promise<void> {
    await pass(ms, 'the guest', this.#over.signal)
    await this.#resume.promise
    this.#over.signal.throwIfAborted()
  }

  #countWork(): void {
    this.#worked = { ms: this.#workedMs(), since: this.#state() === 'running' ? Date.now() : null }
  }

  #workedMs(): number {
    const { ms, since } = this.#worked
    return since === null ? ms : ms + Date.now() - since
  }
}
