import { type Refusal, refuse } from '../disk-fault.ts'
import { splitPath } from './grub/grub-menu.ts'
import { type Menu, type MenuEntry } from './menu.ts'

/** Menus in menus. */
const MAX_DEPTH = 8

/** The entry that boots when nobody touches the menu: defaults of submenus are followed down. */
export function defaultEntry(menu: Menu): MenuEntry | Refusal {
  return descend(menu.entries[menu.defaultIndex])
}

/** The entries to try, in order, when the default cannot be booted. */
export function fallbackEntries(menu: Menu): readonly (MenuEntry | Refusal)[] {
  return menu.fallbacks.map((index) => descend(menu.entries[index]))
}

function descend(start: MenuEntry | undefined): MenuEntry | Refusal {
  let entry = start
  for (let depth = 0; entry !== undefined && depth < MAX_DEPTH; depth++) {
    const submenu = entry.submenu()
    if (submenu === null) return entry
    entry = submenu.entries[submenu.defaultIndex]
  }
  return refuse('its default leads to an empty submenu')
}

/** The entry a user asked for, by number, title, id, or a path of them (`1>2`); titles and ids are found in submenus too. */
export function entryNamed(menu: Menu, wanted: string): MenuEntry | Refusal {
  const found = byPath(menu, wanted) ?? [...allEntries(menu)].find(({ title, id }) => id === wanted || title === wanted)
  return found === undefined ? refuse(`there is no entry "${wanted}"`) : descend(found)
}

function byPath(menu: Menu, wanted: string): MenuEntry | undefined {
  const [first, rest] = splitPath(wanted)
  const named = menu.entries.find(({ title, id }) => id === first || title === first)
  const entry = named ?? (/^\d+$/.test(first) ? menu.entries[Number(first)] : undefined)
  if (entry === undefined || rest === '') return entry
  const submenu = entry.submenu()
  return submenu === null ? undefined : byPath(submenu, rest)
}

/** All entries that boot, submenus opened, in the order a user sees. */
export function* allEntries(menu: Menu, depth = 0): Generator<MenuEntry> {
  for (const entry of menu.entries) {
    const submenu = depth < MAX_DEPTH ? entry.submenu() : null
    if (submenu === null) yield entry
    else yield* allEntries(submenu, depth + 1)
  }
}
