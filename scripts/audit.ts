/**
 * Asks the registry for known weaknesses of what is shipped. Without a network, or where the registry answers no such
 * questions, nothing is judged: exit status 77, as automake has it for a test that could not be tried.
 */
import { spawnSync } from 'node:child_process'
import { z } from 'zod'

const TIMEOUT_MS = 30_000
const NOT_TRIED = 77

const advisory = z.object({ name: z.string(), severity: z.enum(['info', 'low', 'moderate', 'high', 'critical']) })
/** What npm audit --json prints when it could ask (npm's own report, version 2). */
const report = z.object({ auditReportVersion: z.literal(2), vulnerabilities: z.record(z.string(), advisory) })
const BAD = new Set(['moderate', 'high', 'critical'])

/** The weak packages in npm's report; null for what is no report. */
export function weaknesses(printed: string): readonly string[] | null {
  try {
    const { vulnerabilities } = report.parse(JSON.parse(printed))
    return Object.values(vulnerabilities)
      .filter(({ severity }) => BAD.has(severity))
      .map(({ name, severity }) => `${name}: ${severity}`)
  } catch {
    return null
  }
}

if (import.meta.main) {
  const options = ['audit', '--omit=dev', '--json', '--fetch-retries=0', `--fetch-timeout=${TIMEOUT_MS}`]
  const { stdout } = spawnSync('npm', options, { encoding: 'utf8', timeout: TIMEOUT_MS })
  const found = weaknesses(stdout)
  for (const line of found ?? ['the registry could not be asked']) console.error(`audit: ${line}`)
  process.exitCode = found === null ? NOT_TRIED : Number(found.length > 0)
}
