import { type RouteName, endpoints } from '../../api/endpoints.ts'
import { fail } from '../../words/errors.ts'

export interface Match {
  readonly route: RouteName
  readonly params: Readonly<Record<string, string>>
}

interface Pattern {
  readonly route: RouteName
  readonly method: string
  readonly segments: readonly string[]
}

const patterns: readonly Pattern[] = Object.entries(endpoints).map(([route, { method, path }]) => ({
  route: route as RouteName,
  method,
  segments: path.split('/'),
}))

/**
 * The route of a method and a path, with the path's parameters decoded. Throws `not-found` for a path that is none, and
 * `usage`, naming the methods that there are, for a wrong method.
 */
export function matchRoute(method: string, pathname: string): Match {
  const segments = pathname.split('/').map(decodeSegment)
  const matches = patterns.flatMap((pattern) => {
    const params = parametersOf(pattern.segments, segments)
    return params === null ? [] : [{ ...pattern, params }]
  })
  const match = matches.find((candidate) => candidate.method === method)
  if (match !== undefined) return { route: match.route, params: match.params }
  if (matches.length === 0)
    throw fail('not-found', { what: 'the API has no such path', where: pathname, fix: 'see docs/openapi.json' })
  throw fail('usage', {
    what: `the API has no ${method} for this path`,
    where: pathname,
    fix: `use ${matches.map((candidate) => candidate.method).join(' or ')}`,
  })
}

function parametersOf(pattern: readonly string[], segments: readonly string[]): Record<string, string> | null {
  if (pattern.length !== segments.length) return null
  const params: Record<string, string> = {}
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? ''
    if (part.startsWith(':')) params[part.slice(1)] = segment
    else if (part !== segment) return null
  }
  return params
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch (cause) {
    throw fail('usage', { what: 'the path has a broken %-escape', where: segment }, { cause })
  }
}
