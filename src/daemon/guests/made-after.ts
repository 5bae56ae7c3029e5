/** A guest that is made after the definition of another one: what of it may differ, since domains may be built ahead of it. */
import { changesBetween } from '../../config/changes.ts'
import { fail } from '../../words/errors.ts'
import type { Definition } from './guest-entry.ts'
import { readDefinition } from './read-definition.ts'

/** Everything else is in the domain from the start, or is the template's own. */
const MAY_DIFFER: ReadonlySet<string> = new Set([
  ...['name', 'description', 'tags', 'disk', 'vif'],
  ...['ready', 'ready_timeout', 'shutdown_timeout'],
  ...['on_host_shutdown', 'on_poweroff', 'on_reboot', 'on_crash', 'on_watchdog', 'on_soft_reset'],
])

/** Throws `config-invalid` for a setting that cannot differ. */
export function madeAfter(template: Definition, name: string, overrides: readonly string[]): Definition {
  const made = readDefinition(template.file, template.text, [...overrides, `name=${JSON.stringify(name)}`])
  const refused = changesBetween(template.spec, made.spec).find(({ key }) => !MAY_DIFFER.has(key))
  if (refused !== undefined) {
    throw fail('config-invalid', {
      what: `"${refused.key}" cannot differ from that of "${template.spec.name}"`,
      why: `it is ${refused.before ?? 'not set'} in the domains that are built ahead after ${template.file}`,
      fix: `leave it as it is (${[...MAY_DIFFER].join(', ')} can differ), or start the guest from a file of its own`,
    })
  }
  const spec = { ...made.spec, prepare: 0, autostart: false }
  // It gets one of its own.
  delete spec.uuid
  return { ...made, spec }
}
