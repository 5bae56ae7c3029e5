/** The inside of a quoted string of xl.cfg, with xl's own escapes (Xen tools/libs/util/libxlu_cfg.c, xlu__cfgl_dequote). */

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '\\': '\\',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

interface Unquoted {
  readonly text: string
  /** Why xl refuses the string. */
  readonly problem?: string
  /** What xl does to it without saying so. */
  readonly remark?: string
}

/** After a backslash and a first octal digit xl reads up to three more characters as a decimal number, and drops all. */
const OCTAL_REST = /^[\t\v\f\r ]*[+-]?[0-9]+/

function octalRestLength(rest: string): number {
  const length = OCTAL_REST.exec(rest.slice(0, 3))?.[0].length ?? 0
  return length >= 2 ? length : 0
}

/** What is between the quotes of `raw`, which begins and ends with the same quote. */
export function unquote(raw: string): Unquoted {
  const inner = raw.slice(1, -1)
  if (!inner.includes('\\')) return { text: inner }
  let text = ''
  let remark: string | undefined
  for (let at = 0; at < inner.length; at++) {
    if (inner[at] !== '\\') {
      text += inner.charAt(at)
      continue
    }
    const escaped = inner.charAt(++at)
    const simple = SIMPLE_ESCAPES[escaped]
    if (simple !== undefined) {
      text += simple
    } else if (escaped >= '0' && escaped <= '7') {
      const skipped = octalRestLength(raw.slice(at + 2))
      if (skipped === 0) return { text, problem: `an octal escape needs three digits: \\${escaped}` }
      remark = 'xl drops octal escapes from strings, so nothing stands here'
      at += skipped
    } else if (escaped === 'x') {
      return { text, problem: 'xl cannot read \\x escapes; write the character itself' }
    } else {
      return { text, problem: `there is no escape \\${escaped}; write \\\\ for a backslash` }
    }
  }
  return remark === undefined ? { text } : { text, remark }
}
