/** What is said of numbers that were measured. */
import type { Growth, Result } from './findings.ts'

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2
}

/** The 95th percentile, by the nearest rank: of fewer than twenty it is the worst. */
export function p95(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * 0.95) - 1] ?? NaN
}

/** Of the medians of two sides. */
export const ratio = ({ times }: Result, side: string, to: string): number =>
  median(times[side] ?? []) / median(times[to] ?? [])

/** What one guest more adds, milliseconds: the line of least squares through the points. */
export function slope(points: Growth['points'][string]): number {
  const mean = (of: readonly number[]) => of.reduce((total, one) => total + one, 0) / of.length
  const [x, y] = [mean(points.map(({ guests }) => guests)), mean(points.map(({ ms }) => ms))]
  const over = points.reduce((total, { guests, ms }) => total + (guests - x) * (ms - y), 0)
  return over / points.reduce((total, { guests }) => total + (guests - x) ** 2, 0)
}
