/**
 * What the daemon asks of a libxl worker and what it gets back. Shared by both sides, so it holds types only.
 * The names are libxl's; sizes and times carry their unit.
 */
import type { Domid, Uuid } from '../words/ids.ts'

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject
export interface JsonObject {
  readonly [key: string]: JsonValue
}

interface OnDomain {
  readonly domid: Domid
}
/** `ask` waits for the frontend to let go of the device; `force` takes it away. */
type RemovalHow = 'ask' | 'force'
type Nothing = Readonly<Record<string, never>>

/** Per operation: what it takes and what it returns. Configurations are libxl's JSON (libxl_*_to_json). */
interface Operations {
  /** libxl_domain_create_new: builds the domain and leaves it paused. `c_info.domid` 0 lets Xen choose. */
  create: { request: { readonly config: JsonObject }; result: { readonly domid: Domid } }
  destroy: { request: OnDomain; result: Nothing }
  pause: { request: OnDomain; result: Nothing }
  unpause: { request: OnDomain; result: Nothing }
  /** libxl_domain_rename: fails when the domain has another name than `from` by now. */
  rename: { request: OnDomain & { readonly from: string; readonly to: string }; result: Nothing }
  /** libxl_domain_core_dump: the domain's memory into a file, which is made. */
  'core-dump': { request: OnDomain & { readonly file: string }; result: Nothing }
  /**
   * libxl_domain_preserve, and the same uuid for the hypervisor, which libxl leaves out: a domain that has ended gets another
   * name (the old one and a suffix) and uuid, so that its guest can be built anew beside it.
   */
  preserve: {
    request: OnDomain & { readonly name: string; readonly suffix: string; readonly uuid: Uuid }
    result: Nothing
  }
  /** libxl_domain_soft_reset: the domain stays, its devices are made anew (kexec in an HVM guest). It is left paused. */
  'soft-reset': { request: OnDomain & { readonly config: JsonObject }; result: Nothing }
  /** libxl_domain_suspend: the memory of a domain into a file, which is made. The domain stays, suspended, or goes on when it fails. */
  save: { request: OnDomain & { readonly file: string }; result: Nothing }
  /** libxl_domain_resume of a domain that was suspended for a save: it goes on as if nothing had been. */
  resume: { request: OnDomain; result: Nothing }
  /** libxl_domain_create_restore: builds a domain around the memory in a file and leaves it paused. */
  restore: { request: { readonly config: JsonObject; readonly file: string }; result: { readonly domid: Domid } }
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
