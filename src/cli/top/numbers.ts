const UNITS = ['', 'K', 'M', 'G', 'T', 'P']
const STEP = 1024
/** From here on a number would take four places, so the next unit is shown. */
const MOST = 999.5

/** Bytes in at most four places: 812, 9.8K, 123K, 1.2M. Units of 1024. */
export function bytesText(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= MOST && unit < UNITS.length - 1) {
    value /= STEP
    unit += 1
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0
  return `${value.toFixed(digits)}${UNITS[unit]}`
}

/** A share with one digit as long as there is room: 0.3, 99.9, 150. A dash for one that is not known. */
export const percentText = (percent: number | null): string =>
  percent === null ? '–' : percent.toFixed(percent < 99.95 ? 1 : 0)

const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']

/** The last values as bars, the newest right; `most` is a full one. What is not known is left blank. */
export function sparkline(
  values: readonly (number | null)[],
  { most, width }: { readonly most: number; readonly width: number },
): string {
  const last = values.slice(-width).map((value) => (value === null ? ' ' : barOf(value / most)))
  return last.join('').padStart(width)
}

const barOf = (share: number): string =>
  BARS[Math.max(0, Math.min(BARS.length - 1, Math.ceil(share * BARS.length) - 1))] ?? ' '
