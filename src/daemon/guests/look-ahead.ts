/** A head start for a guest that reboots: its disk is read while its old domain is taken apart. */
import type { GuestSpec } from '../../config/guest-spec.ts'
import type { Host, Operation } from '../host.ts'
import { findKernel } from './find-kernel.ts'

/**
 * Reads and unpacks what the next run will boot, so that the cache has it by then; resolves when that is over, however it
 * ended. The start looks for itself afterwards: what has changed since is seen, and what went wrong is said there.
 */
export async function lookAhead(host: Host, spec: GuestSpec, { signal }: Pick<Operation, 'signal'>): Promise<void> {
  try {
    const { boot } = await findKernel(host, spec, { signal, log: () => undefined })
    await host.releaseBoot(boot)
  } catch {
    // The start meets it again.
  }
}
