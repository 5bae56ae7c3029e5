/** lab down and lab clean: stopping labs, and removing what was built. */
import { rmSync } from 'node:fs'
import { locked } from './lock.ts'
import { stopMachine } from './machine.ts'
import { cacheDirectory, labName, type LabPlace, labPlace, lockOf } from './place.ts'
import { inNamespace, output, say } from './run.ts'
import { disconnect } from './ssh.ts'
import { runningLabs, runningState, runningTarget } from './state.ts'

/** Stops the lab and removes its disk overlay; the next "up" starts from the snapshot. */
export function down(): Promise<number> {
  const place = labPlace(labName())
  return locked(lockOf(place), async () => {
    await stop(place)
    return 0
  })
}

/** Stops all labs of this cache and removes all that was built. */
export function clean(): Promise<number> {
  return locked('build', async () => {
    for (const { place } of runningLabs()) await locked(lockOf(place), () => stop(place))
    for (const folder of ['labs', 'dom0', 'rootfs', 'guests']) {
      await output(inNamespace(['rm', '-rf', cacheDirectory(folder)]))
    }
    say('the cache is empty')
    return 0
  })
}

async function stop(place: LabPlace): Promise<void> {
  if (runningState(place)) await disconnect(runningTarget(place))
  await stopMachine(place)
  rmSync(place.directory, { recursive: true, force: true })
  say(`the lab "${place.name}" is down`)
}
