/**
 * Manual pages in roff's man macros (man(7)). Texts are prose as the program has it: names of pages such as xl.cfg(5),
 * options and words between backquotes become bold; ASCII quotes and hyphens stay what they are when somebody copies them.
 */

/** groff_char(7): what would be set as typographic marks, or is not in Latin 1. */
const special: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '-': '\\-',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
  '…': '...',
  '’': "'",
  '→': '\\(->',
  '–': '\\(en',
}

/** Lines of roff that are longer are hard to read in a difference of two. */
const LINE_WIDTH = 77

const escaped = (text: string): string => text.replaceAll(/[\\'`^~…’→–-]/g, (mark) => special[mark] ?? mark)
/** A line that begins so would be taken for a request. */
const guarded = (text: string): string => text.replaceAll(/^(?=[.'])/gm, '\\&')
const bold = (text: string): string => `\\fB${escaped(text)}\\fR`

const BOLD = /`([^`\n]+)`|\b([a-z][\w.-]*)(?=\([1-8]\))|(?<![\w-])(--[a-z][a-z-]*)/

/** Text in which some words are bold, in lines that are broken between words. */
function prose(text: string): string {
  const groups = 1 + 3
  const parts = text.split(BOLD).map((part: string | undefined, index) => {
    if (part === undefined) return ''
    return index % groups === 0 ? escaped(part) : bold(part)
  })
  const lines: string[] = []
  for (const line of parts.join('').split('\n')) {
    let broken = ''
    for (const word of line.split(/ +/)) {
      const longer = broken === '' ? word : `${broken} ${word}`
      if (longer.length > LINE_WIDTH && broken !== '') lines.push(broken)
      broken = longer.length > LINE_WIDTH ? word : longer
    }
    lines.push(broken)
  }
  // The end of a line is taken for the end of a sentence, and gets a second blank.
  const joined = lines.map((line, index) => (index < lines.length - 1 ? line.replace(/[.!?]["')]*$/, '$&\\&') : line))
  return guarded(joined.join('\n'))
}

/** What stands for something else, <path>, in italics and capitals. */
const form = (text: string, after: 'R' | 'B'): string =>
  escaped(text).replaceAll(/<([^>]+)>/g, (_, word: string) => `\\fI${word.toUpperCase()}\\f${after}`)

export const paragraph = (text: string): string => `.PP\n${prose(text)}`
export const section = (title: string, ...body: readonly string[]): string =>
  [`.SH ${escaped(title.toUpperCase())}`, ...leading(body)].join('\n')
export const subsection = (title: string, ...body: readonly string[]): string =>
  [`.SS ${form(title, 'B')}`, ...leading(body)].join('\n')

/** A summary or description as a sentence; what ends in a colon or a quoted word stays open. */
export const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.:"]$/.test(text) ? '' : '.'}`

/** A heading begins a paragraph by itself. */
const leading = ([first = '', ...rest]: readonly string[]): readonly string[] => [first.replace(/^\.PP\n/, ''), ...rest]

/** A term in bold, what follows it in plain, and what it means. */
export const definition = (term: string, value: string, meaning: string): string =>
  `.TP\n${bold(term)}${value === '' ? '' : ` ${form(value, 'R')}`}\n${prose(meaning)}`

/** Definitions line by line, whose meanings begin `width` columns to the right. */
export const list = (width: number, entries: readonly (readonly [term: string, meaning: string])[]): string =>
  entries
    .map(([term, meaning]) => `.TP ${width}\n${bold(term).replaceAll(' ', '\\ ')}\n${prose(meaning)}`)
    // The first one stands apart from what is before it.
    .flatMap((entry, index) => (index === 1 ? ['.PD 0', entry] : [entry]))
    .concat('.PD')
    .join('\n')

/** Lines as they are. */
export const literal = (text: string): string => `.PP\n.in +4n\n.EX\n${guarded(escaped(text))}\n.EE\n.in`

/** Neither justified nor hyphenated: options and paths stay in one piece. */
export function page(title: string, number: number, about: string, ...sections: readonly string[]): string {
  const head = `.nr HY 0\n.TH ${escaped(title.toUpperCase())} ${number} "" tetrarch`
  const name = section('Name', `${escaped(title)} \\- ${escaped(about)}`)
  return `${[head, '.ad l', name, ...sections].join('\n')}\n`
}
