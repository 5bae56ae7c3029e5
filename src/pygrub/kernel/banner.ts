/** Linux init/version.c, linux_banner. */
const BANNER = 'Linux version '
const MAX_VERSION = 256

/** Finds a Linux kernel's banner in its bytes as they come by, piece after piece. */
export class BannerSearch {
  /** Without `Linux version `; null while none was seen. */
  version: string | null = null
  #tail: Buffer = Buffer.alloc(0)

  readonly look = (bytes: Buffer): void => {
    if (this.version !== null) return
    // A banner may lie across the border of two pieces.
    const seam = Buffer.concat([this.#tail, bytes.subarray(0, MAX_VERSION)])
    this.version = find(seam) ?? find(bytes)
    this.#tail = Buffer.from(bytes.subarray(-MAX_VERSION))
  }
}

function find(bytes: Buffer): string | null {
  for (let hit = bytes.indexOf(BANNER); hit >= 0; hit = bytes.indexOf(BANNER, hit + 1)) {
    const text = bytes.toString('latin1', hit + BANNER.length, hit + MAX_VERSION)
    const version = /^[\x20-\x7e]*/.exec(text)?.[0] ?? ''
    const isCut = version.length === text.length && hit + MAX_VERSION > bytes.length
    // Format strings such as "Linux version %s" come before the banner in some kernels.
    if (!isCut && /^\d/.test(version)) return version
  }
  return null
}
