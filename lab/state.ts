/** What is written down about a lab that was started. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { Accelerator } from './accelerator.ts'
import { machinePid } from './machine.ts'
import { cacheDirectory, type LabPlace, labPlace } from './place.ts'
import type { SshTarget } from './ssh.ts'

export interface LabState {
  readonly port: number
  readonly accelerator: Accelerator
  readonly flavour: string
  /** Directory of the dom0 in the cache that the lab runs on. */
  readonly dom0: string
  readonly snapshot: string
  readonly sshKey: string
}

/** Writes down what runs in a lab. */
export function writeState(place: LabPlace, state: LabState): void {
  writeFileSync(place.stateFile, `${JSON.stringify(state, null, 2)}\n`)
}

/** What runs in a lab, or null when nothing does. */
export function runningState(place: LabPlace): LabState | null {
  if (machinePid(place) === null || !existsSync(place.stateFile)) return null
  return JSON.parse(readFileSync(place.stateFile, 'utf8')) as LabState
}

/** The way into a running lab. Throws when it does not run. */
export function runningTarget(place: LabPlace): SshTarget {
  const state = runningState(place)
  if (!state) throw new Error(`the lab "${place.name}" is not up; run: lab/lab up`)
  return { place, port: state.port, sshKey: state.sshKey }
}

/** All labs of this cache that run. */
export function runningLabs(): readonly { readonly place: LabPlace; readonly state: LabState }[] {
  const names = readdirSync(cacheDirectory('labs')).filter((name) => !name.includes('.'))
  return names.flatMap((name) => {
    const place = labPlace(name)
    const state = runningState(place)
    return state ? [{ place, state }] : []
  })
}
