/** Which libraries of Xen belong to the hypervisor this machine runs. libxenctrl and libxenlight must match it exactly. */
import { readFileSync } from 'node:fs'
import { fail } from '../words/errors.ts'

const known = ['4.17', '4.18', '4.19', '4.20'] as const
/** The releases whose structs and calls were compared with what this folder expects. */
export type XenVersion = (typeof known)[number]

// Xen's sysfs interface: Linux Documentation/ABI/stable/sysfs-hypervisor-xen.
const DIRECTORY = '/sys/hypervisor/version'

const isKnown = (text: string): text is XenVersion => known.some((version) => version === text)

/** A version as text, if it is one that tetrarch knows. Throws `xen-unavailable`. */
export function xenVersion(text: string): XenVersion {
  if (isKnown(text)) return text
  throw fail('xen-unavailable', {
    what: `Xen ${text} is not one that tetrarch knows`,
    why: `it was made for Xen ${known.join(', ')}`,
    fix: 'run one of these, or a tetrarch made for this Xen',
  })
}

/** The version of the running hypervisor. Throws `xen-unavailable` without Xen and for releases tetrarch does not know. */
export function runningXenVersion(directory: string = DIRECTORY): XenVersion {
  return xenVersion(`${part(directory, 'major')}.${part(directory, 'minor')}`)
}

function part(directory: string, name: string): string {
  try {
    return readFileSync(`${directory}/${name}`, 'utf8').trim()
  } catch (cause) {
    throw fail(
      'xen-unavailable',
      {
        what: 'this machine does not run under Xen',
        where: `${directory}/${name}`,
        why: cause instanceof Error ? cause.message : String(cause),
        fix: 'boot the machine with the Xen hypervisor (Debian: apt install xen-system-amd64, then reboot)',
      },
      { cause },
    )
  }
}
