/**
 * The devices of a guest, as the API and the guest specification hold them: strict, explicit, units in names.
 * The one-line forms that xl.cfg has for each of them are read and written in specs/.
 */
import { z } from 'zod'
import { text } from './spec-values.ts'

const domainName = text.max(255)

export const diskFormats = ['raw', 'qcow', 'qcow2', 'vhd', 'qed'] as const
export const diskBackends = ['phy', 'tap', 'qdisk', 'standalone'] as const

/** A block device. xl-disk-configuration(5). */
export const DiskSpec = z
  .strictObject({
    /** Name of the device in the guest: xvda, sdb3, hdc, d2p1. */
    vdev: z.string().regex(/^[a-z0-9]{1,32}$/, 'expected a device name such as xvda, sda1, hdc or d0p1'),
    /** Block device or file in the backend domain, or what `script` makes of it; null is an empty drive (CD only). */
    target: text.nullable(),
    format: z.enum(diskFormats).default('raw'),
    access: z.enum(['read-only', 'read-write']).default('read-write'),
    /** Other guests may write to it at the same time: `w!`, which xl does not know. */
    shared: z.boolean().optional(),
    cdrom: z.boolean().default(false),
    /** Left out, libxl chooses: phy for block devices, qdisk (a QEMU) for what phy cannot serve. */
    backendType: z.enum(diskBackends).optional(),
    /** Domain that serves the device; left out, dom0. */
    backend: domainName.optional(),
    /** Hotplug script: a name in /etc/xen/scripts or an absolute path. */
    script: text.optional(),
    discard: z.boolean().optional(),
    directIoSafe: z.boolean().default(false),
    /** False: the guest's frontend does not trust the backend. Xen 4.17. */
    trusted: z.boolean().optional(),
  })
  .readonly()
export type DiskSpec = z.infer<typeof DiskSpec>

const mac = z
  .string()
  .regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/, 'expected six lower-case hexadecimal bytes such as 00:16:3e:12:34:56')

/** A network interface. xl-network-configuration(5). */
export const NicSpec = z
  .strictObject({
    /** Left out, libxl makes a random one under 00:16:3e at each start. */
    mac: mac.optional(),
    /** Left out, what the hotplug script takes by itself; an empty one is none. */
    bridge: z.string().max(4096).optional(),
    /** Name of the backend's network interface in dom0; left out, vifDOMID.DEVID. */
    vifName: z.string().min(1).max(15).optional(),
    script: text.optional(),
    /** `ioemu`: a PV interface and an emulated one; `vif`: PV only. Left out, ioemu where a device model runs. */
    type: z.enum(['vif', 'ioemu']).optional(),
    /** The emulated card: e1000, rtl8139, virtio-net … */
    model: text.optional(),
    /** Passed to the hotplug script, which may set up routes or filters; addresses separated by spaces. */
    ip: text.optional(),
    gatewayDevice: text.optional(),
    /** Domain that serves the device; left out, dom0. */
    backend: domainName.optional(),
    rate: z
      .strictObject({
        bytesPerInterval: z.int().min(0).max(Number.MAX_SAFE_INTEGER),
        intervalMicroseconds: z.int().min(0).max(0xffffffff),
      })
      .readonly()
      .optional(),
    mtu: z.int().min(68).max(65535).optional(),
    /** Number of the device; left out, its place in the list. */
    devid: z.int().min(0).max(65535).optional(),
    /** False: the guest's frontend does not trust the backend. Xen 4.17. */
    trusted: z.boolean().optional(),
  })
  .readonly()
export type NicSpec = z.infer<typeof NicSpec>

export const VncSpec = z
  .strictObject({
    enabled: z.boolean().optional(),
    /** Address to listen on, or ADDRESS:DISPLAY. */
    listen: text.optional(),
    /** Display number; the TCP port is 5900 more. */
    display: z.int().min(0).max(59635).optional(),
    /** Take the first free display from `display` on. */
    findUnused: z.boolean().optional(),
    password: z.string().max(255).optional(),
  })
  .readonly()

export const SdlSpec = z
  .strictObject({
    enabled: z.boolean().optional(),
    opengl: z.boolean().optional(),
    display: text.optional(),
    xauthority: text.optional(),
  })
  .readonly()

/** A paravirtual framebuffer with its keyboard; it needs a QEMU process in any mode. xl.cfg(5), vfb. */
export const VfbSpec = z
  .strictObject({ vnc: VncSpec.optional(), sdl: SdlSpec.optional(), keymap: text.optional() })
  .readonly()
export type VfbSpec = z.infer<typeof VfbSpec>

/** A host PCI device. xl-pci-configuration(5). */
export const PciSpec = z
  .strictObject({
    /** DDDD:BB:DD.F, or with `*` in place of F for all functions. */
    bdf: z
      .string()
      .regex(/^[0-9a-f]{4}:[0-9a-f]{2}:[01][0-9a-f]\.([0-7]|\*)$/, 'expected an address such as 0000:03:00.0')
      .optional(),
    /** Slot in the guest; left out, the next free one. */
    virtualSlot: z.int().min(0).max(31).optional(),
    /** In place of an address, the name that the device got when it was made assignable. */
    name: text.optional(),
    permissive: z.boolean().optional(),
    msiTranslate: z.boolean().optional(),
    seize: z.boolean().optional(),
    powerManagement: z.boolean().optional(),
    rdmPolicy: z.enum(['strict', 'relaxed']).optional(),
  })
  .refine(({ bdf, name }) => (bdf === undefined) !== (name === undefined), 'expected either an address or a name')
  .readonly()
export type PciSpec = z.infer<typeof PciSpec>

/** A USB controller. xl.cfg(5), usbctrl. */
export const UsbControllerSpec = z
  .strictObject({
    type: z.enum(['auto', 'pv', 'qusb', 'devicemodel']).optional(),
    version: z.int().min(1).max(3).optional(),
    ports: z.int().min(1).max(31).optional(),
  })
  .readonly()
export type UsbControllerSpec = z.infer<typeof UsbControllerSpec>

/** A host USB device. xl.cfg(5), usbdev. */
export const UsbDeviceSpec = z
  .strictObject({
    hostBus: z.int().min(0).max(255),
    hostAddress: z.int().min(0).max(255),
    controller: z.int().min(0).max(255).optional(),
    port: z.int().min(0).max(255).optional(),
  })
  .readonly()
export type UsbDeviceSpec = z.infer<typeof UsbDeviceSpec>

/** A low-bandwidth channel to dom0. xl.cfg(5), channel. */
export const ChannelSpec = z
  .discriminatedUnion('connection', [
    z.strictObject({ connection: z.literal('pty'), name: text, backend: domainName.optional() }),
    z.strictObject({ connection: z.literal('socket'), name: text, path: text, backend: domainName.optional() }),
  ])
  .readonly()
export type ChannelSpec = z.infer<typeof ChannelSpec>

/** A shared directory over 9pfs. xl.cfg(5), p9. */
export const P9Spec = z
  .strictObject({ tag: text, path: text, securityModel: text, backend: domainName.optional() })
  .readonly()
export type P9Spec = z.infer<typeof P9Spec>

/** A virtual TPM, served by a vtpm domain. xl.cfg(5), vtpm. */
export const VtpmSpec = z.strictObject({ backend: domainName, uuid: z.guid().optional() }).readonly()
export type VtpmSpec = z.infer<typeof VtpmSpec>
