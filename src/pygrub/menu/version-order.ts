/** Orders version texts as the two dialects of the Boot Loader Specification and package managers do. Negative: left is older. */

const SEGMENT = /^(?:\d+|[A-Za-z]+)/

/** RPM's order (rpmvercmp): numbers by value, words by letters, `~` before the end of the text, `^` after it. */
export const compareRpmVersions = (left: string, right: string): number => compare(left, right, '~', '^')

/** The order of systemd and GRUB 2.14 (UAPI.10, Version Format Specification): `~`, the end, `-`, `^`, `.`. */
export const compareUapiVersions = (left: string, right: string): number => compare(left, right, '~', '-^.')

/**
 * Compares from left to right. A mark of `before` makes a version older than the same one without it, one of `after`
 * newer, in the order they are given; other punctuation only separates.
 */
function compare(left: string, right: string, before: string, after: string): number {
  const separators = new RegExp(`^[^A-Za-z0-9${(before + after).replace(/[\\^.-]/g, '\\$&')}]+`)
  let a = left.replace(separators, '')
  let b = right.replace(separators, '')
  for (;;) {
    const order = rank(a, before, after) - rank(b, before, after)
    if (order !== 0) return Math.sign(order)
    if (a === '') return 0
    const [x, y] = [SEGMENT.exec(a)?.[0], SEGMENT.exec(b)?.[0]]
    const segments = x === undefined || y === undefined ? 0 : compareSegments(x, y)
    if (segments !== 0) return segments
    a = a.slice(x?.length ?? 1).replace(separators, '')
    b = b.slice(y?.length ?? 1).replace(separators, '')
  }
}

/** What kind of thing comes next: marks before, the end, marks after, a word or number. */
function rank(text: string, before: string, after: string): number {
  const first = text[0]
  if (first === undefined) return before.length
  if (before.includes(first)) return before.indexOf(first)
  return after.includes(first) ? before.length + 1 + after.indexOf(first) : before.length + after.length + 1
}

/** Numbers are newer than words; numbers by value, words by letters. */
function compareSegments(a: string, b: string): number {
  const [isNumber, isOtherNumber] = [/^\d/.test(a), /^\d/.test(b)]
  if (isNumber !== isOtherNumber) return isNumber ? 1 : -1
  if (!isNumber) return compareText(a, b)
  return compareNumbers(a, b)
}

/** The order of files in GRUB 2.14 and `sort -V` (gnulib, filevercmp): suffixes such as `.conf` only decide between equals. */
export function compareFileVersions(left: string, right: string): number {
  const hidden = Number(right.startsWith('.')) - Number(left.startsWith('.'))
  const withoutSuffix = compareRuns(left.replace(SUFFIXES, ''), right.replace(SUFFIXES, ''))
  return hidden || withoutSuffix || compareRuns(left, right)
}

const SUFFIXES = /(?:\.[A-Za-z~][A-Za-z0-9~]*)*$/

/** Words and numbers in turn, as Debian compares versions. */
function compareRuns(left: string, right: string): number {
  const [a, b] = [runsOf(left), runsOf(right)]
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const [x, y] = [a[at] ?? '', b[at] ?? '']
    const order = at % 2 === 0 ? compareWords(x, y) : compareNumbers(x, y)
    if (order !== 0) return order
  }
  return 0
}

/** A word, which may be empty, then a number, and so on. */
const runsOf = (text: string): readonly string[] => text.split(/(\d+)/)

/** `~` is before the end of a word, letters are after it, and everything else comes last. */
function compareWords(left: string, right: string): number {
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const order = rankOf(left[at]) - rankOf(right[at])
    if (order !== 0) return Math.sign(order)
  }
  return 0
}

function rankOf(character: string | undefined): number {
  if (character === undefined) return 0
  if (character === '~') return -1
  return character.charCodeAt(0) + (/[A-Za-z]/.test(character) ? 0 : 0x10000)
}

function compareNumbers(left: string, right: string): number {
  const [x, y] = [left.replace(/^0+/, ''), right.replace(/^0+/, '')]
  return Math.sign(x.length - y.length) || compareText(x, y)
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
