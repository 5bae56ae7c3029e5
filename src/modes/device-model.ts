/**
 * Which guests get a QEMU, and why, before anything is built. What is really running is read back elsewhere.
 * Source for PV and PVH: libxl__need_xenpv_qemu (tools/libs/light/libxl_dm.c).
 */
import type { VfbSpec } from '../config/device-spec.ts'
import type { GuestSpec } from '../config/guest-spec.ts'
import type { LibxlType } from './domain-type.ts'
import type { Mode } from './mode.ts'

/** A reason for a QEMU, in a sentence, and how to do without. */
export interface DeviceModelReason {
  readonly why: string
  /** Null where nothing can be done about it in this mode. */
  readonly fix: string | null
}

/** What a PV guest shows its console settings on, where the definition has no framebuffer (xl.cfg(5), vnc). */
const consoleOfType: Readonly<Record<LibxlType, (spec: GuestSpec) => readonly VfbSpec[]>> = {
  pv: ({ vnc, sdl, keymap }) =>
    vnc?.enabled === true ? [{ vnc, ...(sdl !== undefined && { sdl }), ...(keymap !== undefined && { keymap }) }] : [],
  pvh: () => [],
  hvm: () => [],
}

/** The framebuffers of a guest: those of its definition, or the one that its graphics console amounts to. */
export const framebuffersOf = (spec: GuestSpec, { libxlType }: Mode): readonly VfbSpec[] =>
  spec.vfbs.length > 0 ? spec.vfbs : consoleOfType[libxlType](spec)

const needs: readonly ((spec: GuestSpec, mode: Mode) => DeviceModelReason | null)[] = [
  (spec, mode) =>
    framebuffersOf(spec, mode).length > 0
      ? {
          why: `QEMU serves its framebuffer (${spec.vfbs.length > 0 ? 'vfb' : 'vnc=1'})`,
          fix: `remove ${spec.vfbs.length > 0 ? 'vfb' : 'vnc'}, and use the text console: tetrarch console`,
        }
      : null,
  ({ p9 }) =>
    p9.length > 0
      ? { why: 'QEMU serves its 9pfs shares (p9)', fix: 'share the folder over the network, or on a disk' }
      : null,
  ({ disks }) => {
    const disk = disks.find(
      ({ target, format, backendType }) =>
        target !== null && (backendType === 'qdisk' || (!backendType && format !== 'raw')),
    )
    if (disk === undefined) return null
    const fix =
      disk.format === 'raw'
        ? 'remove backendtype=qdisk'
        : 'convert it to raw: qemu-img convert -O raw; or put it on LVM'
    return { why: `QEMU serves its disk ${disk.vdev} (${disk.backendType ?? disk.format})`, fix }
  },
  ({ usbControllers }) =>
    usbControllers.some(({ type }) => type === 'qusb')
      ? { why: 'QEMU serves its USB controller (qusb)', fix: 'use a controller of type=pv' }
      : null,
  ({ channels }) =>
    channels.length > 0 ? { why: 'QEMU serves its channels', fix: 'remove channel, and use the network' } : null,
]

/** Every reason why this guest will have a device model; none when it needs none. */
export function deviceModelReasons(spec: GuestSpec, mode: Mode): readonly DeviceModelReason[] {
  if (mode.deviceModel === 'always')
    return [{ why: `QEMU emulates the hardware of every ${mode.title} guest`, fix: null }]
  return needs.map((need) => need(spec, mode)).filter((reason) => reason !== null)
}

/** The same in one sentence, null when it needs none. */
export const deviceModelReason = (spec: GuestSpec, mode: Mode): string | null =>
  deviceModelReasons(spec, mode)
    .map(({ why }) => why)
    .join('; ') || null
