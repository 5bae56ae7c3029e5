import type { GuestSpec } from '../../config/guest-spec.ts'
import type { VfbSpec } from '../../config/device-spec.ts'
import { framebuffersOf } from '../../modes/device-model.ts'
import type { Mode } from '../../modes/mode.ts'
import type { JsonObject } from '../requests.ts'
import { defbool, withoutUndefined } from './json.ts'

/** libxl_vnc_info. */
export function vncConfig(vnc: GuestSpec['vnc']): JsonObject | undefined {
  if (vnc === undefined) return undefined
  return withoutUndefined({
    enable: defbool(vnc.enabled),
    listen: vnc.listen,
    passwd: vnc.password,
    display: vnc.display,
    findunused: defbool(vnc.findUnused),
  })
}

/** libxl_sdl_info. */
export function sdlConfig(sdl: GuestSpec['sdl']): JsonObject | undefined {
  if (sdl === undefined) return undefined
  return withoutUndefined({
    enable: defbool(sdl.enabled),
    opengl: defbool(sdl.opengl),
    display: sdl.display,
    xauthority: sdl.xauthority,
  })
}

/** libxl_spice_info. */
export function spiceConfig(spice: GuestSpec['spice']): JsonObject | undefined {
  if (spice === undefined) return undefined
  return withoutUndefined({
    enable: defbool(spice.enabled),
    port: spice.port,
    tls_port: spice.tlsPort,
    host: spice.host,
    disable_ticketing: defbool(spice.disableTicketing),
    passwd: spice.password,
    agent_mouse: defbool(spice.agentMouse),
    vdagent: defbool(spice.vdagent),
    clipboard_sharing: defbool(spice.clipboardSharing),
    usbredirection: spice.usbRedirection,
    image_compression: spice.imageCompression,
    streaming_video: spice.streamingVideo,
  })
}

const vfbConfig = ({ vnc, sdl, keymap }: VfbSpec, devid: number): JsonObject =>
  withoutUndefined({ devid, vnc: vncConfig(vnc), sdl: sdlConfig(sdl), keymap })

/** libxl_device_vfb. */
export const framebuffers = (spec: GuestSpec, mode: Mode): readonly JsonObject[] =>
  framebuffersOf(spec, mode).map(vfbConfig)
