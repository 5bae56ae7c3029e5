/**
 * libxl's three types of domains, as facts (libxl_domain_type in libxl_types.idl). A mode is built as one of them; of a domain
 * that another toolstack made, its type is all that is known.
 */
export const domainTypeNames = ['pv', 'pvh', 'hvm'] as const
export type LibxlType = (typeof domainTypeNames)[number]

export interface DomainType {
  /** Runs in the processor's virtualization (XEN_DOMINF_hvm_guest). */
  readonly hvm: boolean
  /** A QEMU emulates a whole PC: its disks and nics, its buttons, what a soft reset makes anew. */
  readonly wholePc: boolean
}

export const domainTypes: Readonly<Record<LibxlType, DomainType>> = {
  pv: { hvm: false, wholePc: false },
  pvh: { hvm: true, wholePc: false },
  hvm: { hvm: true, wholePc: true },
}

/** The type that libxl has written into xenstore; null for none that is known. */
export const libxlTypeNamed = (text: string | null): LibxlType | null =>
  domainTypeNames.find((name) => name === text) ?? null

export const isWholePc = (type: LibxlType | null): boolean => type !== null && domainTypes[type].wholePc
