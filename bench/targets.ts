/** What is wanted of tetrarch, as ratios to xl in the same run, and what was measured. */
import type { Measured } from './report.ts'
import { median, ratio, slope } from './statistics.ts'

export interface Target {
  readonly wanted: string
  readonly measured: string
  readonly met: boolean
}

const XL = 'xl'
const NOT_MEASURED = 'not in this run'

export function targets(all: Measured): readonly Target[] {
  const at = (wanted: string, most: number, value: number): Target => ({
    wanted: `${wanted} ≤ ${most}`,
    measured: Number.isNaN(value) ? NOT_MEASURED : value.toFixed(2),
    met: value <= most,
  })
  const of = (name: string, side = 'tetrarch', to = XL): number => {
    const result = all.results.find((each) => each.name === name)
    return result === undefined ? NaN : ratio(result, side, to)
  }
  const steepness = (name: string): number => {
    const points = all.growths.find((each) => each.name === name)?.points
    return slope(points?.['tetrarch'] ?? []) / slope(points?.[XL] ?? [])
  }
  const BOTH = 'a disk and a nic'
  const reboot = all.results.find(({ name }) => name.startsWith('reboot'))
  const saved = reboot === undefined ? NaN : (1 - ratio(reboot, 'tetrarch', XL)) * median(reboot.times[XL] ?? [])
  const [quiet] = all.idle
  return [
    at('create without devices, the same raw kernel', 1, of('create PV, no devices')),
    at(`create with ${BOTH} and Debian's kernel`, 0.2, of(`create PV, ${BOTH}, Debian's kernel`)),
    at(
      'the same, with xl given the raw kernel',
      0.35,
      of(`create PV, ${BOTH}, Debian's kernel`, 'tetrarch', 'xl, raw kernel'),
    ),
    at("create without devices, Debian's kernel", 0.25, of("create PV, no devices, Debian's kernel")),
    at('destroy with devices', 0.4, of(`destroy PV, ${BOTH}`)),
    at('eight creates at once', 0.4, of(`eight creates at once, ${BOTH} each`)),
    at('what one guest more adds to a create', 0.3, steepness('create')),
    at('list over the API, 50 guests', 0.1, of('list with 50 guests', 'tetrarch API')),
    at('list over the CLI, by `node -e 0`', 1.5, of('list with 50 guests', 'tetrarch CLI', 'node -e 0')),
    {
      wanted: 'a reboot is 2 s faster',
      measured: Number.isNaN(saved) ? NOT_MEASURED : `${(saved / 1000).toFixed(1)} s`,
      met: saved >= 2000,
    },
    at('a guest that was built ahead', 0.05, of('create from one built ahead')),
    {
      wanted: 'the idle daemon ≤ 50 MiB, no worker, no CPU',
      measured:
        quiet === undefined
          ? ''
          : `${(quiet.daemonKiB / 1024).toFixed(0)} MiB (bare node: ${(quiet.bareNodeKiB / 1024).toFixed(0)} MiB), ${quiet.workers} workers, ${quiet.cpuMs} ms in ${quiet.overMs / 1000} s`,
      met: quiet !== undefined && quiet.daemonKiB <= 50 * 1024 && quiet.workers === 0 && quiet.cpuMs === 0,
    },
  ]
}
