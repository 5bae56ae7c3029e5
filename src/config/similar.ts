/** What a mistyped word was meant to be. */
import { distance } from 'fastest-levenshtein'

/** The most similar of the known words, if any is similar enough to be meant: a third of its letters may differ, or two. */
export function didYouMean(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.max(word.length > 3 ? 2 : 1, Math.floor(word.length / 3)) + 1
  for (const candidate of known) {
    const far = distance(word, candidate)
    if (far < least) [best, least] = [candidate, far]
  }
  return best
}
