import ts from 'typescript'
import { modeNames } from '../src/words/mode-names.ts'
import type { SourceFile } from './source-files.ts'

const COMPARISONS = [
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
]

/** pv, pvh and hvm are also libxl's domain types, which may be compared: `libxlType === 'pvh'`. */
const isDomainType = (text: string): boolean => /type\)?$/i.test(text)

/** Places where a file compares something with a mode's name, as `line: text`. */
export function modeComparisons({ path, text }: SourceFile): readonly string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const found: string[] = []
  const isModeName = (node: ts.Node) => ts.isStringLiteral(node) && (modeNames as readonly string[]).includes(node.text)
  const compared = (node: ts.Node): ts.Node | undefined => {
    if (ts.isBinaryExpression(node) && COMPARISONS.includes(node.operatorToken.kind))
      return isModeName(node.right) ? node.left : isModeName(node.left) ? node.right : undefined
    if (ts.isCaseClause(node) && isModeName(node.expression)) return node.parent.parent.expression
    return undefined
  }
  const visit = (node: ts.Node): void => {
    const other = compared(node)
    if (other !== undefined && !isDomainType(other.getText(source))) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source))
      found.push(`${path}:${line + 1}: ${node.getText(source).split('\n')[0] ?? ''}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}
