/**
 * What may be asked of a guest in which state. Asked twice: when somebody asks, and when the turn of the task has come.
 *
 *              halted  saved  starting  running  paused  stopping  crashed  shutdown  dying
 *   shutdown     –       –       –         ✓        –        –         –        –        –
 *   reboot       –       –       –         ✓        –        –         –        –        –
 *   pause        –       –       –         ✓        –        –         –        –        –
 *   unpause      –       –       –         –        ✓        –         –        –        –
 *   save         –       –       –         ✓        ✓        –         –        –        –
 *   destroy      –       ✓       ✓         ✓        ✓        ✓         ✓        ✓        ✓
 *
 * Whether a guest can be created is a question of its name and uuid: admission.ts.
 */
import type { GuestState } from '../../api/guest.ts'
import { type TetrarchError, fail } from '../../words/errors.ts'

export type Verb = 'shutdown' | 'reboot' | 'destroy' | 'pause' | 'unpause' | 'save'

/** Why something makes no sense now, and what does. `NAME` stands for the guest. */
interface Refusal {
  readonly why: string
  readonly fix: string
}

const halted: Refusal = { why: 'it is not running', fix: 'tetrarch create NAME' }
const saved: Refusal = { why: 'its memory was saved', fix: 'tetrarch create NAME lets it go on' }
const starting: Refusal = {
  why: 'it is being started',
  fix: 'wait for that (tetrarch tasks), or take it away: tetrarch destroy NAME',
}
const stopping: Refusal = {
  why: 'it is being stopped',
  fix: 'wait for that (tetrarch tasks), or take it away: tetrarch destroy NAME',
}
const crashed: Refusal = {
  why: 'it has crashed, and its domain is kept to be looked at',
  fix: 'tetrarch destroy NAME, then: tetrarch create NAME',
}
const ended: Refusal = {
  why: 'it has ended, and its domain is kept',
  fix: 'tetrarch destroy NAME, then: tetrarch create NAME',
}
const dying: Refusal = { why: 'Xen is taking its domain away', fix: 'see: tetrarch list' }
const deaf: Refusal = {
  why: 'it is paused and hears nothing',
  fix: 'tetrarch unpause NAME first, or: tetrarch destroy NAME',
}

const asleep = { halted, saved, starting, stopping, crashed, shutdown: ended, dying } as const

const refusals: Readonly<Record<Verb, Readonly<Partial<Record<GuestState, Refusal>>>>> = {
  shutdown: { ...asleep, paused: deaf },
  reboot: { ...asleep, paused: deaf },
  // A second pause would need a second unpause.
  pause: { ...asleep, paused: { why: 'it is paused already', fix: 'tetrarch unpause NAME lets it run' } },
  unpause: { ...asleep, running: { why: 'it runs already', fix: 'see: tetrarch list' } },
  save: asleep,
  destroy: { halted },
}

/** Throws `wrong-state` for what makes no sense in this state. */
export function mustAllow(verb: Verb, state: GuestState, name: string): void {
  const refusal = refusals[verb][state]
  if (refusal !== undefined) throw refused(verb, name, refusal)
}

const refused = (verb: Verb, name: string, { why, fix }: Refusal): TetrarchError =>
  fail('wrong-state', { what: `cannot ${verb} "${name}"`, why, fix: fix.replaceAll('NAME', name) })
