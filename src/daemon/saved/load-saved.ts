import type { Context } from '../guests/context.ts'
import { newEntry } from '../guests/guest-entry.ts'

/** Makes known which guests are saved. The guests folder was read before. */
export async function loadSaved({ saved: kept, registry, log }: Context): Promise<void> {
  const all = await kept.load((file, why) => log.error(`${file} is damaged and was left alone: ${why}`))
  for (const saved of all) {
    const { name, uuid, spec, definition } = saved
    const entry = registry.named(name) ?? registry.add(newEntry({ name, uuid, managed: true }))
    entry.uuid = uuid
    entry.saved = saved
    entry.definition = { ...definition, spec, warnings: [] }
    log.info({ guest: name }, 'the guest is saved')
  }
}
