/** Manual pages in roff's man macros (man(7)). */

const escaped = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('…', '...')
    .replaceAll('’', "'")
    .replaceAll(/^([.'])/gm, '\\&$1')

export const paragraph = (text: string): string => `.PP\n${escaped(text)}`
export const section = (title: string, ...body: readonly string[]): string =>
  [`.SH ${escaped(title.toUpperCase())}`, ...body].join('\n')
export const subsection = (title: string, ...body: readonly string[]): string =>
  [`.SS ${escaped(title)}`, ...body].join('\n')
const bold = (text: string): string => `\\fB${escaped(text)}\\fR`

/** A term in bold, what follows it in plain, and what it means. */
export const definition = (term: string, form: string, meaning: string): string =>
  `.TP\n${bold(term)}${form === '' ? '' : ` ${escaped(form)}`}\n${escaped(meaning)}`

/** Lines as they are. */
export const literal = (text: string): string => `.PP\n.in +4n\n.EX\n${escaped(text)}\n.EE\n.in`

export function page(title: string, number: number, about: string, ...sections: readonly string[]): string {
  const head = `.TH ${escaped(title.toUpperCase())} ${number} "" tetrarch`
  const name = section('Name', `${escaped(title)} \\- ${escaped(about)}`)
  return `${[head, name, ...sections].join('\n')}\n`
}
