/** What pygrub prints, letter by letter (format_sxp, format_simple and run_grub in tools/pygrub/src/pygrub): other programs read it. */
import type { OutputFormat } from './drop-in-options.ts'
import type { BootEntries, BootEntry } from './types.ts'

/** Kernel and ramdisk as they are named in the answer. */
export interface Answer {
  readonly kernel: string
  readonly ramdisk: string | null
  readonly cmdline: string
}

/** Every text was checked to be one line without control characters, so none can end an item before its end. */
export const answerText: Readonly<Record<OutputFormat, (answer: Answer) => string>> = {
  sxp: ({ kernel, ramdisk, cmdline }) =>
    [
      `linux (kernel ${pythonString(kernel)})`,
      ramdisk === null ? '' : `(ramdisk ${pythonString(ramdisk)})`,
      cmdline === '' ? '' : `(args ${pythonString(cmdline)})`,
    ].join(''),
  simple: (answer) => items(answer, '\n'),
  simple0: (answer) => items(answer, '\0'),
}

/** An empty item ends the list. */
const items = ({ kernel, ramdisk, cmdline }: Answer, end: string): string =>
  [
    `kernel ${kernel}`,
    ...(ramdisk === null ? [] : [`ramdisk ${ramdisk}`]),
    ...(cmdline === '' ? [] : [`args ${cmdline}`]),
    '',
  ]
    .map((item) => item + end)
    .join('')

/** A text of one line as Python's repr writes it: in double quotes only where it has single ones and no double ones. */
function pythonString(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  return quote + text.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`) + quote
}

/** All entries. pygrub leaves no line out, so one that has nothing to say says `None`. */
export const entriesText = ({ entries }: BootEntries): string => entries.map(entryText).join('')

const entryText = ({ title, partition, kernel, cmdline, ramdisks }: BootEntry): string =>
  [
    `title: ${title}`,
    `  root: ${partition}`,
    `  kernel: ${kernel ?? 'None'}`,
    `  args: ${cmdline ?? 'None'}`,
    `  initrd: ${ramdisks.length === 0 ? 'None' : ramdisks.join(' ')}`,
    '',
  ].join('\n')
