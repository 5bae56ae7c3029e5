/**
 * What the daemon asks of a libxl worker and what it gets back. Shared by both sides, so it holds types only.
 * The names are libxl's; sizes and times carry their unit.
 */
import type { Domid } from '../words/ids.ts'

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject
export interface JsonObject {
  readonly [key: string]: JsonValue
}

interface OnDomain {
  readonly domid: Domid
}
/** `ask` waits for the frontend to let go of the device; `force` takes it away. */
type RemovalHow = 'ask' | 'force'
/** `acpi`: a guest without PV drivers gets the ACPI button instead of ERROR_NOPARAVIRT. */
interface ControlRequest extends OnDomain {
  readonly fallback?: 'acpi' | undefined
}
interface ControlResult {
  /** Who was asked: the PV driver through xenstore, or the guest's ACPI. */
  readonly by: 'pv-control' | 'acpi'
}
type Nothing = Readonly<Record<string, never>>

/** Per operation: what it takes and what it returns. Configurations are libxl's JSON (libxl_*_to_json). */
interface Operations {
  /** libxl_domain_create_new: builds the domain and leaves it paused. `c_info.domid` 0 lets Xen choose. */
  create: { request: { readonly config: JsonObject }; result: { readonly domid: Domid } }
  destroy: { request: OnDomain; result: Nothing }
  pause: { request: OnDomain; result: Nothing }
  unpause: { request: OnDomain; result: Nothing }
  shutdown: { request: ControlRequest; result: ControlResult }
  reboot: { request: ControlRequest; result: ControlResult }
  /** libxl_retrieve_domain_configuration: as it runs now, hotplugged devices included. */
  'retrieve-configuration': { request: OnDomain; result: { readonly config: JsonObject } }
  /** libxl_domain_need_memory: what a create of this configuration takes from Xen's free memory. */
  'need-memory': { request: { readonly config: JsonObject }; result: { readonly memoryKiB: number } }
  /** libxl_set_memory_target, absolute; `enforce` also lowers Xen's limit to the target. */
  'set-memory-target': {
    request: OnDomain & { readonly targetKiB: number; readonly limit: 'enforce' | 'keep' }
    result: Nothing
  }
  'version-info': { request: object; result: { readonly info: JsonObject } }
  'disk-add': { request: OnDomain & { readonly disk: JsonObject }; result: Nothing }
  /** The device as `retrieve-configuration` tells it: libxl finds its backend from the type in it, not from xenstore. */
  'disk-remove': { request: OnDomain & { readonly disk: JsonObject; readonly how: RemovalHow }; result: Nothing }
  'nic-add': { request: OnDomain & { readonly nic: JsonObject }; result: Nothing }
  'nic-remove': { request: OnDomain & { readonly nic: JsonObject; readonly how: RemovalHow }; result: Nothing }
  'send-trigger': {
    request: OnDomain & { readonly trigger: Trigger; readonly vcpu?: number | undefined }
    result: Nothing
  }
}

/** libxl_trigger (libxl_types.idl). `s3resume` is for HVM guests that suspended themselves to RAM. */
export type Trigger = 'power' | 'sleep' | 'nmi' | 'init' | 'reset' | 's3resume'

export type LibxlOp = keyof Operations
export type LibxlRequestOf<Op extends LibxlOp> = { readonly op: Op } & Operations[Op]['request']
export type LibxlResultOf<Op extends LibxlOp> = Operations[Op]['result']
/** The discriminated union of all requests. */
export type LibxlRequest = { [Op in LibxlOp]: LibxlRequestOf<Op> }[LibxlOp]
