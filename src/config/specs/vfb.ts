/** Paravirtual framebuffers, `vnc=1,vnclisten=0.0.0.0,vncunused=1` (xl.cfg(5), vfb). */
import { entryOf } from '../../words/entry-of.ts'
import type { VfbSpec } from '../device-spec.ts'
import type { Spec } from '../keys/codecs.ts'
import { leadingLong } from '../numbers.ts'
import { joined, pair, pairOf, partsOf } from './parts.ts'

type Vnc = { -readonly [K in keyof NonNullable<VfbSpec['vnc']>]: NonNullable<VfbSpec['vnc']>[K] }
type Sdl = { -readonly [K in keyof NonNullable<VfbSpec['sdl']>]: NonNullable<VfbSpec['sdl']>[K] }
interface Draft {
  vnc: Vnc
  sdl: Sdl
  keymap?: string
}

const isSet = (value: string) => leadingLong(value).value !== 0

const readers: Readonly<Record<string, (draft: Draft, value: string) => void>> = {
  vnc: ({ vnc }, value) => (vnc.enabled = isSet(value)),
  vnclisten: ({ vnc }, value) => (vnc.listen = value),
  vncpasswd: ({ vnc }, value) => (vnc.password = value),
  vncdisplay: ({ vnc }, value) => (vnc.display = leadingLong(value).value),
  vncunused: ({ vnc }, value) => (vnc.findUnused = isSet(value)),
  keymap: (draft, value) => (draft.keymap = value),
  sdl: ({ sdl }, value) => (sdl.enabled = isSet(value)),
  opengl: ({ sdl }, value) => (sdl.opengl = isSet(value)),
  display: ({ sdl }, value) => (sdl.display = value),
  xauthority: ({ sdl }, value) => (sdl.xauthority = value),
}

/** Reads one framebuffer. xl stops without a word at a part that has no "=", and drops keys that it does not know. */
export function parseVfb(spec: string): Spec<VfbSpec> {
  const draft: Draft = { vnc: {}, sdl: {} }
  const warnings: string[] = []
  for (const part of partsOf(spec)) {
    const [key, value] = pairOf(part) ?? []
    if (key === undefined || value === undefined) {
      warnings.push(`${JSON.stringify(part)} has no "=": xl ignores it and everything after it`)
      break
    }
    const read = entryOf(readers, key)
    if (read === undefined) warnings.push(`unknown parameter ${JSON.stringify(key)}; xl ignores it`)
    else read(draft, value)
  }
  return { value: finish(draft), warnings }
}

function finish({ vnc, sdl, keymap }: Draft): VfbSpec {
  return {
    ...(Object.keys(vnc).length > 0 && { vnc }),
    ...(Object.keys(sdl).length > 0 && { sdl }),
    ...(keymap !== undefined && { keymap }),
  }
}

const digit = (flag: boolean | undefined): number | undefined => (flag === undefined ? undefined : Number(flag))

export function writeVfb({ vnc, sdl, keymap }: VfbSpec): string {
  return joined([
    pair('vnc', digit(vnc?.enabled)),
    pair('vnclisten', vnc?.listen),
    pair('vncdisplay', vnc?.display),
    pair('vncunused', digit(vnc?.findUnused)),
    pair('vncpasswd', vnc?.password),
    pair('sdl', digit(sdl?.enabled)),
    pair('opengl', digit(sdl?.opengl)),
    pair('display', sdl?.display),
    pair('xauthority', sdl?.xauthority),
    pair('keymap', keymap),
  ])
}
