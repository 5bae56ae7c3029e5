import { describe, expect, test } from 'vitest'
import { guestStates } from '../../../src/api/guest.ts'
import { type Verb, mustAllow } from '../../../src/daemon/guests/transitions.ts'

/** The states in which each makes sense; the table drawn in transitions.ts. */
const allowed = {
  shutdown: ['running'],
  reboot: ['running'],
  pause: ['running'],
  unpause: ['paused'],
  save: ['running', 'paused'],
  destroy: guestStates.filter((state) => state !== 'halted'),
} as const satisfies Record<Verb, readonly (typeof guestStates)[number][]>

describe.each(Object.entries(allowed) as [Verb, readonly string[]][])('%s', (verb, states) => {
  test.each(guestStates)('of a guest that is %s is done or refused with a reason', (state) => {
    const ask = () => mustAllow(verb, state, 'web')
    if (states.includes(state)) expect(ask).not.toThrow()
    else
      expect(ask).toThrow(
        expect.objectContaining({
          code: 'wrong-state',
          parts: expect.objectContaining({
            why: expect.any(String) as string,
            fix: expect.not.stringContaining('NAME') as string,
          }) as object,
        }),
      )
  })
})
