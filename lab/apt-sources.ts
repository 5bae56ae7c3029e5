/** The Debian mirrors and apt settings of this machine, for the systems that the lab builds. No mirror is named here. */
import { capture, output } from './run.ts'

/** Settings of apt that decide whether and how a mirror can be reached (apt.conf(5), apt-transport-http(1)). */
const transportSettings = [
  'Acquire::http',
  'Acquire::https',
  'Acquire::Retries',
  'Acquire::ForceIPv4',
  'Acquire::ForceIPv6',
  'Acquire::Check-Date',
  'Acquire::Check-Valid-Until',
  'Acquire::AllowInsecureRepositories',
]

/** This machine's settings for reaching mirrors, as lines of apt.conf. */
export async function aptOptions(): Promise<readonly string[]> {
  const dump = await output(['apt-config', 'dump', '--no-empty', ...transportSettings])
  return dump.split('\n').filter((line) => line !== '')
}

/**
 * The deb lines that this machine uses for its own release, with `suite` in the place of its release.
 * Throws when the machine's apt knows no mirror of Debian.
 */
export async function debianSources(suite: string): Promise<readonly string[]> {
  const { VERSION_CODENAME: own = '' } = await osRelease()
  const format = '$(REPO_URI) $(RELEASE) $(COMPONENT)'
  const targets = await output(['apt-get', 'indextargets', '--format', format, 'Created-By: Packages'])
  const lines = new Set<string>()
  for (const target of targets.split('\n')) {
    const [uri = '', release = '', component = ''] = target.split(' ')
    // "bookworm", "bookworm-updates" and "bookworm-security", but no third party's suite
    if (component !== 'main' || !/^(-updates|-security)?$/.test(release.replace(own, ''))) continue
    lines.add(`deb ${uri} ${release.replace(own, suite)} main`)
  }
  if (own === '' || lines.size === 0) {
    throw new Error('apt on this machine knows no mirror of Debian; see sources.list(5), then run: apt-get update')
  }
  return [...lines]
}

async function osRelease(): Promise<Partial<Record<string, string>>> {
  const { stdout } = await capture(['cat', '/etc/os-release'])
  const pairs = stdout.split('\n').map((line) => /^(\w+)="?([^"]*)"?$/.exec(line))
  return Object.fromEntries(pairs.flatMap((pair) => (pair ? [[pair[1], pair[2]]] : []))) as Record<string, string>
}
