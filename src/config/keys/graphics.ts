/** Keys for graphics consoles. */
import { anyText, choice, flag, number, text } from './codecs.ts'
import { gfxPassthrough } from './special-codecs.ts'
import { emulatedModes, key, type KeyRow } from './row.ts'

const emulated = { modes: emulatedModes } as const
/** A PV guest gets a framebuffer with these settings. */
const consoleModes = { modes: ['pv', 'hvm', 'pvhvm'] } as const
const should = { ...emulated, support: 'should' } as const
const hvm = 'b_info.type.hvm'

export const graphicsKeys: readonly KeyRow[] = [
  key('vga', choice(['stdvga', 'cirrus', 'qxl', 'none']), '@vga', 'Emulated graphics card.', {
    libxl: `${hvm}.vga.kind`,
    ...emulated,
  }),
  key('stdvga', flag, '@stdvga', 'Emulated graphics card: 1 is stdvga, 0 is cirrus.', {
    libxl: `${hvm}.vga.kind`,
    instead: 'write vga',
    ...emulated,
  }),
  key('videoram', number, 'videoRamMiB', 'Memory of the emulated graphics card, in MiB.', {
    libxl: 'b_info.video_memkb',
    ...emulated,
  }),
  key('vnc', flag, 'vnc.enabled', 'Shows the screen over VNC.', { libxl: `${hvm}.vnc.enable`, ...consoleModes }),
  key('vnclisten', text, 'vnc.listen', 'Address that VNC listens on, ADDRESS or ADDRESS:DISPLAY.', {
    libxl: `${hvm}.vnc.listen`,
    ...consoleModes,
  }),
  key('vncdisplay', number, 'vnc.display', 'VNC display; the TCP port is 5900 more.', {
    libxl: `${hvm}.vnc.display`,
    ...consoleModes,
  }),
  key('vncunused', flag, 'vnc.findUnused', 'Takes the first free display from vncdisplay on.', {
    libxl: `${hvm}.vnc.findunused`,
    ...consoleModes,
  }),
  key('vncpasswd', anyText, 'vnc.password', 'Password for VNC.', { libxl: `${hvm}.vnc.passwd`, ...consoleModes }),
  key('vncviewer', number, '@vncviewer', 'Would open a viewer; xl ignores it too.', { support: 'ignored' }),
  key('sdl', flag, 'sdl.enabled', 'Shows the screen in a window of dom0.', {
    libxl: `${hvm}.sdl.enable`,
    ...consoleModes,
  }),
  key('opengl', flag, 'sdl.opengl', 'Draws that window with OpenGL.', {
    libxl: `${hvm}.sdl.opengl`,
    ...consoleModes,
    support: 'should',
  }),
  key('display', text, 'sdl.display', 'X display of that window.', {
    libxl: `${hvm}.sdl.display`,
    ...consoleModes,
    support: 'should',
  }),
  key('xauthority', text, 'sdl.xauthority', 'X authority file for that window.', {
    libxl: `${hvm}.sdl.xauthority`,
    ...consoleModes,
    support: 'should',
  }),
  key('keymap', text, 'keymap', 'Keyboard layout of the console, such as de.', {
    libxl: `${hvm}.keymap`,
    ...consoleModes,
  }),
  key('nographic', flag, 'nographic', 'No graphics at all in the device model.', {
    libxl: `${hvm}.nographic`,
    ...should,
  }),
  key('vkb_device', flag, 'vkbDevice', 'Gives the guest a PV keyboard and mouse besides the emulated ones.', {
    libxl: `${hvm}.vkb_device`,
    ...should,
  }),
  key('gfx_passthru', gfxPassthrough, 'gfxPassthrough', 'Makes a passed-through graphics card the primary one.', {
    libxl: `${hvm}.gfx_passthru`,
    ...should,
  }),
]

const spice = `${hvm}.spice`
export const spiceKeys: readonly KeyRow[] = [
  key('spice', flag, 'spice.enabled', 'Shows the screen over SPICE.', { libxl: `${spice}.enable`, ...should }),
  key('spicehost', text, 'spice.host', 'Address that SPICE listens on.', { libxl: `${spice}.host`, ...should }),
  key('spiceport', number, 'spice.port', 'TCP port of SPICE.', { libxl: `${spice}.port`, ...should }),
  key('spicetls_port', number, 'spice.tlsPort', 'TCP port of SPICE with TLS.', {
    libxl: `${spice}.tls_port`,
    ...should,
  }),
  key('spicepasswd', anyText, 'spice.password', 'Password for SPICE.', { libxl: `${spice}.passwd`, ...should }),
  key('spicedisable_ticketing', flag, 'spice.disableTicketing', 'Lets SPICE clients in without a password.', {
    libxl: `${spice}.disable_ticketing`,
    ...should,
  }),
  key('spiceagent_mouse', flag, 'spice.agentMouse', 'Sends mouse movements through the agent in the guest.', {
    libxl: `${spice}.agent_mouse`,
    ...should,
  }),
  key('spicevdagent', flag, 'spice.vdagent', 'Connects the SPICE agent in the guest.', {
    libxl: `${spice}.vdagent`,
    ...should,
  }),
  key('spice_clipboard_sharing', flag, 'spice.clipboardSharing', 'Shares the clipboard through the agent.', {
    libxl: `${spice}.clipboard_sharing`,
    ...should,
  }),
  key('spiceusbredirection', number, 'spice.usbRedirection', 'Channels that redirect USB devices of the client.', {
    libxl: `${spice}.usbredirection`,
    ...should,
  }),
  key('spice_image_compression', text, 'spice.imageCompression', 'Compression of images.', {
    libxl: `${spice}.image_compression`,
    ...should,
  }),
  key('spice_streaming_video', text, 'spice.streamingVideo', 'Which parts of the screen are sent as video.', {
    libxl: `${spice}.streaming_video`,
    ...should,
  }),
]
