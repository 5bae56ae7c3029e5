/** `npm run soak [-- CREATES REBOOTS]`: hundreds of guests in the lab's dom0, and what grew there, for docs/reliability.md. */
import { readFileSync, writeFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'
import { linesOf } from './dom0-program.ts'
import type { Finding, Soak } from './findings.ts'

const [creates = 300, reboots = 50] = process.argv.slice(2).map(Number)
const SOAK_S = 7200
const PAGE = 'docs/reliability.md'

const columns: readonly (readonly [title: string, value: (seen: Soak) => string | number])[] = [
  ['after', ({ after }) => after],
  ['domains', ({ domains }) => domains],
  ['nodes in xenstore', ({ xenstoreNodes }) => xenstoreNodes],
  ['loop devices', ({ loopDevices }) => loopDevices],
  ['QEMUs', ({ qemus }) => qemus],
  ['records', ({ records }) => records],
  ['descriptors', ({ descriptors }) => descriptors],
  ['tetrarchd, PSS', ({ daemonMiB }) => `${daemonMiB.toFixed(0)} MiB`],
  ['xenstored, RSS', ({ xenstoredMiB }) => `${xenstoredMiB.toFixed(1)} MiB`],
  ['workers', ({ workers }) => workers],
]
const row = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`
const rowOf = (seen: Soak) => row(columns.map(([, value]) => value(seen)))

const looks: Soak[] = []
for await (const line of linesOf({ entry: 'soak.ts', args: [creates, reboots], seconds: SOAK_S })) {
  const finding = line as Finding
  if (!('soak' in finding)) continue
  looks.push(finding.soak)
  console.log(rowOf(finding.soak))
}
const table = [row(columns.map(([title]) => title)), row(columns.map(() => '---')), ...looks.map(rowOf)].join('\n')
const made = `Made by \`npm run soak\` on ${new Date().toISOString().slice(0, 10)}: ${creates} guests of all modes created and destroyed one after the other, each with a disk and a nic, then ${reboots} reboots.`
const page = readFileSync(PAGE, 'utf8').replace(
  /(<!-- soak -->)[^]*(<!-- end of soak -->)/,
  `$1\n\n${made}\n\n${table}\n\n$2`,
)
writeFileSync(PAGE, await format(page, { ...(await resolveConfig(PAGE)), parser: 'markdown' }))
console.log(`soak: written to ${PAGE}`)
process.exit(0)
