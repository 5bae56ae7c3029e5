import { closeSync, constants, openSync, rmSync } from 'node:fs'
import { fail } from '../../words/errors.ts'
import { flock } from '../../libxl/libc.ts'

/** flock(2). */
const LOCK_EX = 2
const LOCK_NB = 4

/**
 * The lock by which `xl console` keeps a second reader away (Xen: tools/console/client/main.c, console_lock). Who reads a
 * terminal takes it, so that nobody gets half of the guest's words. The kernel drops it with the process that has it.
 * Throws `wrong-state` when somebody else reads this console.
 * @param folder XEN_LOCK_DIR
 */
export function lockConsole(domid: number, folder = '/var/lock'): Disposable {
  const file = `${folder}/xenconsole.${domid}`
  const descriptor = openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  if (flock(descriptor, LOCK_EX | LOCK_NB) !== 0) {
    closeSync(descriptor)
    throw fail('wrong-state', {
      what: `the console of domain ${domid} is being read by another program`,
      where: file,
      why: 'two readers of a terminal would each get a part of what the guest says',
      fix: `leave "xl console ${domid}" first (see: ps -C xenconsole -o pid,args)`,
    })
  }
  return {
    [Symbol.dispose]() {
      // As xenconsole does: removed while it is still held.
      rmSync(file, { force: true })
      closeSync(descriptor)
    },
  }
}
