/** Xen's shared libraries, by the version of the hypervisor; loaded when first asked for. */
import { loadLibrary } from './ffi.ts'
import type { NativeLibrary } from './ffi.ts'
import type { XenVersion } from './xen-version.ts'

/** Guest domains, devices, configuration. Forks: load it in a worker only. */
export const loadXenlight = (version: XenVersion): NativeLibrary =>
  loadLibrary(`libxenlight.so.${version}`, `libxenmisc${version}`)

/** The hypercalls. Never forks. */
export const loadXenctrl = (version: XenVersion): NativeLibrary =>
  loadLibrary(`libxenctrl.so.${version}`, `libxenmisc${version}`)

/** Where the others write their log. Its ABI has been 1 since Xen 4.7. */
export const loadXentoollog = (): NativeLibrary => loadLibrary('libxentoollog.so.1', 'libxentoollog1')
