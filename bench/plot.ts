/** docs/benchmarks.svg: each measured growth as a panel of its own, ours and xl's points. */
import type { Growth } from './findings.ts'

const PANEL = { width: 420, height: 240, left: 56, right: 12, top: 34, bottom: 40 }
/** Told apart by shade as well as by colour, on white and on black. */
const colours: Readonly<Record<string, string>> = { tetrarch: '#0b7a75', xl: '#e0803a' }

/** The next round number, so that the axis ends on one. */
function roundUp(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value))
  return Math.ceil(value / unit) * unit
}

const text = (x: number, y: number, words: string, more = '') =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${words}</text>`

function panel({ name, points }: Growth, at: number): string {
  const all = Object.values(points).flat()
  const [mostGuests, mostMs] = [
    Math.max(...all.map(({ guests }) => guests)),
    roundUp(Math.max(...all.map(({ ms }) => ms))),
  ]
  const { width, height, left, right, top, bottom } = PANEL
  const x = (guests: number) => left + (guests / mostGuests) * (width - left - right)
  const y = (ms: number) => height - bottom - (ms / mostMs) * (height - top - bottom)
  const grid = [0, 0.5, 1].map((part) => {
    const ms = mostMs * part
    const line = `<line x1="${left}" x2="${width - right}" y1="${y(ms)}" y2="${y(ms)}" stroke="#8884"/>`
    return line + text(left - 6, y(ms) + 4, `${Math.round(ms)} ms`, 'text-anchor="end"')
  })
  const marks = [0, 0.5, 1].map((part) => {
    const guests = Math.round(mostGuests * part)
    return text(x(guests), height - bottom + 16, String(guests), 'text-anchor="middle"')
  })
  const dots = Object.entries(points).map(([side, its]) => {
    const circles = its.map(
      ({ guests, ms }) => `<circle cx="${x(guests).toFixed(1)}" cy="${y(ms).toFixed(1)}" r="2.5"/>`,
    )
    return `<g fill="${colours[side] ?? '#888'}">${circles.join('')}</g>`
  })
  const legend = Object.keys(points).map((side, index) =>
    text(width - right - 110 + index * 70, 18, `● ${side}`, `fill="${colours[side] ?? '#888'}"`),
  )
  const title = text(left, 18, name, 'font-weight="bold" fill="currentColor"')
  const axis = text((left + width - right) / 2, height - 6, 'guests that are there already', 'text-anchor="middle"')
  return `<g transform="translate(${at * width} 0)">${[title, ...legend, ...grid, ...marks, axis, ...dots].join('')}</g>`
}

export function plot(growths: readonly Growth[]): string {
  const { width, height } = PANEL
  const size = `width="${width * growths.length}" height="${height}" viewBox="0 0 ${width * growths.length} ${height}"`
  const style = 'font-family="system-ui, sans-serif" font-size="12" fill="#777" color="#777"'
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${style}>${growths.map(panel).join('')}</svg>\n`
}
