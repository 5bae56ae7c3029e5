/** The door: what comes in over a socket is untrusted until the contract's schemas have read it. */
import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'
import type { RouteName } from '../../api/endpoints.ts'
import { routes } from '../../api/routes.ts'
import { fail } from '../../words/errors.ts'
import type { ApiRequest } from './handler.ts'

/** Issues that one answer names; a request can have thousands. */
const MAX_ISSUES = 10

/** Method, path and query of the request line. Throws `usage` for what is no URL and for a parameter given twice. */
export function readTarget(request: IncomingMessage): { method: string; pathname: string; query: object } {
  const { method = '', url = '' } = request
  const target = URL.parse(url, 'http://localhost')
  if (!url.startsWith('/') || target === null) throw fail('usage', { what: 'the request has no valid path' })
  const names = [...target.searchParams.keys()]
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw fail('usage', { what: `the query gives ${JSON.stringify(twice)} twice` })
  return { method, pathname: target.pathname, query: Object.fromEntries(target.searchParams) }
}

/** The checked request. Throws `usage`, naming each field that is wrong, missing or unknown. */
export function checkRequest<R extends RouteName>(
  route: R,
  raw: { readonly params: object; readonly query: object; readonly body: string },
  caller: string,
): ApiRequest<R> {
  const { params, query, body } = routes[route]
  return {
    params: check('path', params, raw.params),
    query: check('query', query, raw.query),
    body: checkBody(body, raw.body),
    caller,
    // The schemas of this route made the three parts; TypeScript cannot follow that through the generic route.
  } as ApiRequest<R>
}

function checkBody(schema: z.ZodType | null, text: string): unknown {
  if (schema !== null) return check('body', schema, parseJson(text))
  if (text === '') return null
  throw fail('usage', { what: 'this call takes no body' })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw fail(
      'usage',
      { what: 'the body is not JSON', why: cause instanceof Error ? cause.message : String(cause) },
      { cause },
    )
  }
}

function check(part: string, schema: z.ZodType, value: unknown): unknown {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issues = result.error.issues
    .slice(0, MAX_ISSUES)
    .map(({ path, message }) => `${[part, ...path.map(String)].join('.')}: ${message}`)
  throw fail('usage', {
    what: 'the request is not as the API describes it',
    why: issues[0],
    fix: 'see docs/openapi.json',
    ...(issues.length > 1 && { evidence: issues }),
  })
}
