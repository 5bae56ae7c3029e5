import type { GuestDetail } from '../../api/guest.ts'
import type { Task } from '../../api/task.ts'
import { TetrarchError, fail } from '../../words/errors.ts'
import { escapeControl } from '../../words/escape-control.ts'
import { type BootedSubject, bootChoice } from '../boot-choice.ts'
import type { Command, Given } from '../command.ts'
import type { Context } from '../context.ts'
import { isFileWord, isThere, overridesIn, readDefinitionFile } from '../definition-file.ts'
import { onGuest } from '../did-you-mean.ts'
import { followTask } from '../follow-task.ts'
import { bornText } from '../render/guest-words.ts'

export const command: Command = {
  usage: '<file-or-name> [settings...]',
  options: [
    ['-c, --console', 'attach to its console as soon as it was built'],
    ['-p, --paused', 'leave it paused'],
    ['--no-wait', 'come back when the daemon has begun'],
    ['--from <template>', 'make the guest of this new name after a defined one, which may have domains ready'],
    ['--menu', 'choose from the boot menu on its disk first, without a timeout'],
    ['--no-menu', 'with --console: show no boot menu'],
    ['--entry <entry>', 'boot this entry of its disk: number, title, id or path (1>2)'],
    ['--boot-kernel <path>', 'boot this kernel of its disk: /boot/vmlinuz or gpt2:/vmlinuz'],
    ['--boot-ramdisk <path>', 'with this ramdisk of its disk'],
    ['--cmdline <words>', "the kernel's whole command line"],
  ],
  details: [
    'A word with a "/" or that ends in .cfg is a file in the syntax of xl.cfg; any other word is the name of a defined guest, or of a file if there is no such guest.',
    "Settings in the syntax of xl.cfg count after those of the file, for this start and the guest's reboots.",
    'With --console on a terminal, a guest that boots from its own disk first shows the menu found there, for as long as the menu says itself. Up and Down choose, Enter boots, e edits the command line, q leaves. What is chosen holds for this start; a restart boots the default again.',
    'A guest that was saved goes on from there, as it was.',
    'With --from, the word is the new name of a guest that is made after the definition TEMPLATE; disks and nics are given as settings. Where TEMPLATE says prepare=N, it gets a domain that was built ahead, and starts in the time that its devices take.',
    'Ctrl-C cancels, and what was built is taken away.',
  ],
  examples: [
    'tetrarch create web',
    'tetrarch create ./web.cfg',
    'tetrarch create -c /root/test.cfg',
    'tetrarch create web --entry "1>0"',
    'tetrarch create --from web web7 -- disk=\'["/srv/web7.img,,xvda"]\'',
    'tetrarch create web -- memory=512 \'extra="single"\'',
  ],
  run: async (context, given) => {
    const { args, flag } = given
    const watched = isWatched(given)
    const begun = await begin(context, args[0] ?? '', given)
    if (!flag('wait')) {
      context.show(begun, () => [`${begun.guest}: being built, task ${begun.id}`])
      return
    }
    const { guest: name } = await followTask(context, begun)
    if (watched) {
      const { attachConsole } = await import('../attach-console.ts')
      await attachConsole(context, name, { onAttached: flag('paused') ? null : () => letRun(context, name) })
      return
    }
    const guest = await stillThere(context, name)
    for (const warning of guest.warnings) context.note(`${guest.name}: ${escapeControl(warning)}`)
    context.show(guest, () => [`${guest.name}: ${bornText(guest)}`])
  },
}

/** Built paused and let go when the console is attached, so that its first byte is seen, and the keyboard is ready. */
const isWatched = ({ flag }: Given): boolean => flag('console') && flag('wait')

const letRun = ({ client }: Context, guest: string): Promise<Task> =>
  client.call('unpause', { params: { guest }, query: { wait: UNPAUSE_MS } })

const UNPAUSE_MS = 60_000
/** Lines of its console that are shown of a guest that died at once. */
const LAST_WORDS = 12

/** The guest that was just made. Throws `guest-died`, with its last words, when it has ended already. */
async function stillThere({ client }: Context, name: string): Promise<GuestDetail> {
  const params = { guest: name }
  const guest = await client.call('guest', { params }).catch((error: unknown) => {
    if (error instanceof TetrarchError && error.code === 'not-found') return null
    throw error
  })
  if (guest !== null && guest.domid !== null) return guest
  const evidence: string[] = []
  for await (const { text } of client.stream('log', { params, query: { lines: LAST_WORDS } })) evidence.push(text)
  throw fail('guest-died', {
    what: `"${name}" was started and has ended already`,
    why: guest?.lastEnd ? `its domain ended by ${guest.lastEnd.reason}` : undefined,
    fix: `tetrarch logs ${name} shows all that it said`,
    evidence,
  })
}

async function begin(context: Context, word: string, given: Given): Promise<Task> {
  const template = given.text('from')
  if (template !== null)
    return await onGuest(context, template, () => make(context, { name: word, from: template }, given))
  const fromFile = () => start(context, { definition: readDefinitionFile(word) }, given)
  if (isFileWord(word)) return await fromFile()
  try {
    return await onGuest(context, word, () => start(context, { name: word }, given))
  } catch (error) {
    if (error instanceof TetrarchError && error.code === 'not-found' && isThere(word)) return await fromFile()
    throw error
  }
}

/** Nothing of its own is booted that a menu could show. */
async function make(context: Context, subject: { readonly name: string; readonly from: string }, given: Given) {
  const overrides = [...overridesIn(given.args.slice(1))]
  const paused = given.flag('paused') || isWatched(given)
  return await context.client.call('create', { body: { ...subject, overrides, paused } })
}

async function start(context: Context, subject: BootedSubject, given: Given): Promise<Task> {
  const wanted = { ...subject, overrides: [...overridesIn(given.args.slice(1))] }
  const boot = await bootChoice(context, wanted, given)
  const choice = Object.keys(boot).length > 0 ? { boot } : {}
  const { flag } = given
  const paused = flag('paused') || isWatched(given)
  return await context.client.call('create', { body: { ...wanted, ...choice, paused } })
}
