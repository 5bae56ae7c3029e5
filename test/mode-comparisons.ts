import ts from 'typescript'
import { modeNames } from '../src/words/mode-names.ts'
import type { SourceFile } from './source-files.ts'

const COMPARISONS = [
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
]

/** Places where a file compares something with the name of a mode, or of one of libxl's types, as `line: text`. */
export function modeComparisons({ path, text }: SourceFile): readonly string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const found: string[] = []
  const isModeName = (node: ts.Node) => ts.isStringLiteral(node) && (modeNames as readonly string[]).includes(node.text)
  const compares = (node: ts.Node): boolean => {
    if (ts.isBinaryExpression(node) && COMPARISONS.includes(node.operatorToken.kind))
      return isModeName(node.right) || isModeName(node.left)
    return ts.isCaseClause(node) && isModeName(node.expression)
  }
  const visit = (node: ts.Node): void => {
    if (compares(node)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source))
      found.push(`${path}:${line + 1}: ${node.getText(source).split('\n')[0] ?? ''}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}
