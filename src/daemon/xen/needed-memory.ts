/** How much memory a domain takes, which libxl is asked once for each shape of domains. */
import type { JsonObject } from '../../libxl/requests.ts'
import type { Host } from '../host.ts'

/** Shapes that are remembered; the oldest goes first. */
const SHAPES = 64

/** What of a configuration tells one guest from another of the same shape: libxl_domain_need_memory looks at none of it. */
const OF_ONE_GUEST: ReadonlySet<string> = new Set([
  ...['name', 'uuid', 'ssidref', 'kernel', 'ramdisk', 'cmdline', 'ms_vm_genid'],
  ...['pdev_path', 'script', 'mac', 'ifname', 'bridge', 'passwd'],
])

const shapeOf = (config: JsonObject): string =>
  JSON.stringify(config, (key, value: unknown) => (OF_ONE_GUEST.has(key) ? undefined : value))

/** The same answers as `ask`, from memory for a shape that was asked of before. */
export function rememberMemory(ask: Host['neededMemoryMiB']): Host['neededMemoryMiB'] {
  const known = new Map<string, number>()
  return async (config, operation) => {
    const shape = shapeOf(config)
    const neededMiB = known.get(shape) ?? (await ask(config, operation))
    known.set(shape, neededMiB)
    const oldest = known.size > SHAPES ? known.keys().next().value : undefined
    if (oldest !== undefined) known.delete(oldest)
    return neededMiB
  }
}
