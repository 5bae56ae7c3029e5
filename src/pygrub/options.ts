import { join } from 'node:path'
import type { DaemonConfig } from '../config/daemon-config.ts'
import type { SandboxOptions } from './sandbox.ts'

/** The sandbox's limits as the configuration has them. `program` is the sandbox's entry file, bundled or source. */
export function sandboxOptions(config: DaemonConfig, program: string): SandboxOptions {
  const { cpuSeconds, wallMs, memoryMiB, outputMiB, uidBase, cacheMiB, parentFolders, maxParents } = config.bootLoader
  const cache = { directory: join(config.paths.cache, 'boot'), maxMiB: cacheMiB }
  return { program, cpuSeconds, wallMs, memoryMiB, outputMiB, uidBase, parentFolders, maxParents, cache }
}
