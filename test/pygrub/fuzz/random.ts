/** Numbers that look random and are the same for the same seed: at most `below`, exclusive. */
export type Random = (below: number) => number

export function randomNumbers(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0
    return ((state ^ (state >>> 13)) >>> 0) % below
  }
}

export const pick = <T>(random: Random, from: readonly T[]): T => from[random(from.length)]!
