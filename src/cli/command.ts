import type { Context } from './context.ts'

/** What was given to a command. */
export interface Given {
  /** Arguments in order. */
  readonly args: readonly string[]
  /** True when this flag was given: `flag('paused')` for --paused. */
  readonly flag: (name: string) => boolean
  /** True when the flag was turned off: `isOff('menu')` for --no-menu. */
  readonly isOff: (name: string) => boolean
  /** The text of an option, null when it was not given. */
  readonly text: (name: string) => string | null
}

/** A command's own file; it is loaded when the command is called, or its help. */
export interface Command {
  /** Its arguments: `<guest...>`. */
  readonly usage: string
  /** Flags and their description. */
  readonly options: readonly (readonly [flags: string, description: string])[]
  /** Paragraphs after the summary in its help. */
  readonly details?: readonly string[]
  readonly examples: readonly string[]
  readonly run: (context: Context, given: Given) => Promise<void>
}

export interface CommandEntry {
  readonly name: string
  readonly summary: string
  readonly load: () => Promise<{ readonly command: Command }>
}

/** All commands, in the order of the help. */
export const commands: readonly CommandEntry[] = [
  { name: 'list', summary: 'guests, their state and mode', load: () => import('./commands/list.ts') },
  { name: 'top', summary: 'what guests use, live', load: () => import('./commands/top.ts') },
  {
    name: 'vcpu-list',
    summary: 'virtual processors, and where they run',
    load: () => import('./commands/vcpu-list.ts'),
  },
  { name: 'info', summary: 'everything about one guest', load: () => import('./commands/info.ts') },
  {
    name: 'explain',
    summary: 'why a guest gets its mode, and what others would mean',
    load: () => import('./commands/explain.ts'),
  },
  {
    name: 'boot-entries',
    summary: "the boot menu on a guest's disk",
    load: () => import('./commands/boot-entries.ts'),
  },
  { name: 'create', summary: 'build and start a guest', load: () => import('./commands/create.ts') },
  { name: 'define', summary: 'check and keep the definition of a guest', load: () => import('./commands/define.ts') },
  { name: 'edit', summary: 'change a definition in your editor', load: () => import('./commands/edit.ts') },
  { name: 'undefine', summary: 'remove definitions of guests', load: () => import('./commands/undefine.ts') },
  { name: 'dump', summary: 'a definition, in one of four forms', load: () => import('./commands/dump.ts') },
  { name: 'lint', summary: 'check definitions', load: () => import('./commands/lint.ts') },
  { name: 'shutdown', summary: 'ask guests to power off', load: () => import('./commands/shutdown.ts') },
  { name: 'reboot', summary: 'ask guests to restart', load: () => import('./commands/reboot.ts') },
  { name: 'destroy', summary: 'take domains away at once', load: () => import('./commands/destroy.ts') },
  {
    name: 'start-guests',
    summary: 'start the guests that start with the host',
    load: () => import('./commands/start-guests.ts'),
  },
  {
    name: 'stop-guests',
    summary: 'stop all guests, as before the host goes down',
    load: () => import('./commands/stop-guests.ts'),
  },
  { name: 'save', summary: 'save guests into files, to go on later', load: () => import('./commands/save.ts') },
  { name: 'pause', summary: 'stop the vCPUs of guests', load: () => import('./commands/pause.ts') },
  { name: 'unpause', summary: 'let them run again', load: () => import('./commands/unpause.ts') },
  {
    name: 'convert',
    summary: "change a guest's mode, with a way back",
    load: () => import('./commands/convert.ts'),
  },
  { name: 'console', summary: "a guest's console; Ctrl-] leaves it", load: () => import('./commands/console.ts') },
  { name: 'logs', summary: 'what a guest said on its console', load: () => import('./commands/logs.ts') },
  { name: 'vnc', summary: "where a guest's screen is", load: () => import('./commands/vnc.ts') },
  { name: 'events', summary: 'what happens, as it happens', load: () => import('./commands/events.ts') },
  { name: 'tasks', summary: 'running and finished operations', load: () => import('./commands/tasks.ts') },
  { name: 'modes', summary: 'the modes side by side', load: () => import('./commands/modes.ts') },
  { name: 'host', summary: 'the host and the daemon', load: () => import('./commands/host.ts') },
]
