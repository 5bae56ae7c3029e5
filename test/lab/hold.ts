/** Has the daemon in dom0 wait before a step (src/daemon/hold.ts), so that something can be done to it there. */
import { dom0 } from '../../lab/dom0.ts'
import { type LabDaemon, restarted } from './lab-daemon.ts'

/** The names of the held steps, a line each. */
const FILE = '/run/tetrarch-hold'
const DROP_IN = '/run/systemd/system/tetrarchd.service.d'

/** A daemon that holds no step yet, but would. */
export async function beginHolding(daemon: LabDaemon): Promise<void> {
  await dom0.sh(`
    mkdir -p ${DROP_IN}; : > ${FILE}
    printf '[Service]\\nEnvironment=TETRARCH_HOLD_FILE=${FILE}\\n' > ${DROP_IN}/hold.conf
    systemctl daemon-reload
  `)
  await daemon.replace(restarted)
}

export async function endHolding(daemon: LabDaemon): Promise<void> {
  await dom0.sh(`rm -rf ${DROP_IN} ${FILE}; systemctl daemon-reload`)
  await daemon.replace(restarted)
}

export const hold = (step: string) => dom0.sh(`cat > ${FILE}`, { stdin: `${step}\n` })

/** Lets go of what is held: a script, to be one with others. */
export const RELEASE = `: > ${FILE}`

export const untilHeld = (daemon: LabDaemon, task: string, step: string) =>
  dom0.waitFor(`the task to come to "${step}"`, async () => {
    const { stage, state, finishedAt, log } = await daemon.api.call('task', { params: { task } })
    if (finishedAt !== null) throw new Error(`the task ${state} before "${step}":\n${log.join('\n')}`)
    return stage === step
  })
