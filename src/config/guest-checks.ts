/** What the fields of a guest specification must not say together, whether they come from a definition or over the API. */
import type { ConfiguredMode } from '../words/mode-names.ts'
import { emulatedModes, kernelModes, pvModes } from './keys/row.ts'

/** The fields that are looked at. */
interface Checked {
  readonly mode: ConfiguredMode
  readonly vcpus: number
  readonly maxVcpus?: number | undefined
  readonly maxMemoryMiB?: number | undefined
  readonly vnuma?: readonly { readonly vcpus: readonly number[]; readonly memoryMiB: number }[] | undefined
  readonly timerMode?: string | undefined
  readonly kernel?: string | undefined
  readonly firmware?: string | undefined
  readonly vnc?: { readonly listen?: string | undefined; readonly display?: number | undefined } | undefined
}

export interface Contradiction {
  readonly path: readonly string[]
  readonly message: string
}

const pvgrubs: ReadonlySet<string> = new Set(['pvgrub32', 'pvgrub64'])
const isIn = (modes: readonly ConfiguredMode[], mode: ConfiguredMode) => modes.includes(mode)

const checks: readonly ((spec: Checked) => Contradiction | undefined)[] = [
  ({ vcpus, maxVcpus, vnuma }) => {
    const most = maxVcpus ?? vnuma?.flatMap((node) => node.vcpus).length
    if (most === undefined || vcpus <= most) return undefined
    return {
      path: ['vcpus'],
      message: `${vcpus} is more than the ${most} of ${maxVcpus === undefined ? 'vnuma' : 'maxvcpus'}`,
    }
  },
  ({ vnuma, maxVcpus }) => {
    if (vnuma === undefined) return undefined
    const inNodes = vnuma.flatMap((node) => node.vcpus)
    const most = maxVcpus ?? inNodes.length
    if (inNodes.length !== most)
      return { path: ['vnuma'], message: `its nodes have ${inNodes.length} vCPUs, and maxvcpus is ${most}` }
    const beyond = inNodes.find((vcpu) => vcpu >= most)
    if (beyond === undefined) return undefined
    return { path: ['vnuma'], message: `its nodes have vCPU ${beyond}, and the last one is ${most - 1}` }
  },
  ({ vnuma, maxMemoryMiB }) => {
    const inNodes = vnuma?.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0)
    if (inNodes === undefined || maxMemoryMiB === undefined || inNodes === maxMemoryMiB) return undefined
    return { path: ['vnuma'], message: `its nodes have ${inNodes} MiB, and maxmem is ${maxMemoryMiB}` }
  },
  ({ mode, timerMode }) => {
    if (timerMode === undefined || !isIn(pvModes, mode)) return undefined
    return { path: ['timerMode'], message: 'it is not for PV guests; remove it' }
  },
  ({ mode, firmware }) => {
    if (firmware === undefined || pvgrubs.has(firmware) || !isIn(kernelModes, mode)) return undefined
    return { path: ['firmware'], message: 'a guest without a device model boots pvgrub32 or pvgrub64' }
  },
  ({ mode, firmware }) => {
    if (firmware === undefined || !pvgrubs.has(firmware) || !isIn(emulatedModes, mode)) return undefined
    return { path: ['firmware'], message: 'a guest with a device model boots bios, seabios, rombios or ovmf' }
  },
  ({ mode, firmware, kernel }) => {
    if (firmware === undefined || kernel === undefined || !isIn(kernelModes, mode)) return undefined
    return { path: ['firmware'], message: 'a guest boots its kernel or pvgrub, not both; remove one of them' }
  },
  ({ mode, vnc }) => {
    if (vnc?.listen?.includes(':') !== true || !vnc.display || !isIn(emulatedModes, mode)) return undefined
    return { path: ['vnc', 'display'], message: 'the display is in vnclisten too; remove one of them' }
  },
]

export const contradictionsIn = (spec: Checked): readonly Contradiction[] =>
  checks.map((check) => check(spec)).filter((found) => found !== undefined)
