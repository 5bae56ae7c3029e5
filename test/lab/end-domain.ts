import { dom0 } from '../../lab/dom0.ts'

/** SHUTDOWN_* (xen/include/public/sched.h). */
const codes = { poweroff: 0, reboot: 1, crash: 3, watchdog: 4, 'soft-reset': 5 } as const

/** Ends a domain as its own kernel would (SCHEDOP_remote_shutdown), so that it need not have booted. */
export const endDomain = (domid: number | null, reason: keyof typeof codes) =>
  dom0.sh(`
    export PYTHONPATH=$(dirname $(dirname $(dirname $(find /usr/lib/xen-* -path '*xen/lowlevel*' -name 'xc*.so' | head -1))))
    python3 -c 'import xen.lowlevel.xc as xc; xc.xc().domain_shutdown(${domid ?? 0}, ${codes[reason]})'
  `)
