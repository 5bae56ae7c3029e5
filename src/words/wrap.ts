/** Breaks text between words so that no line is longer than `width`; a longer word stays whole. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/** `label  text`, the text wrapped beside its label. */
export function labelled(
  label: string,
  text: string,
  { indent, labelWidth, width }: { readonly indent: number; readonly labelWidth: number; readonly width: number },
): string {
  const margin = ' '.repeat(indent + labelWidth + 2)
  const first = `${' '.repeat(indent)}${label.padEnd(labelWidth)}  `
  return wrap(text, width - margin.length)
    .map((line, index) => (index === 0 ? first : margin) + line)
    .join('\n')
}
