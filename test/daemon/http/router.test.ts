import { describe, expect, test } from 'vitest'
import { endpoints } from '../../../src/api/endpoints.ts'
import { matchRoute } from '../../../src/daemon/http/router.ts'

test.each(Object.entries(endpoints))('%s is found by its method and path', (route, { method, path }) => {
  const concrete = path.replaceAll(/:\w+/g, 'web')
  expect(matchRoute(method, concrete)).toMatchObject({ route })
})

test('parameters are decoded', () => {
  expect(matchRoute('GET', '/v1/guests/caf%C3%A9%2F1').params).toEqual({ guest: 'café/1' })
})

describe.each([
  ['/v1/guests/'],
  ['/v1'],
  ['/'],
  ['//v1/guests'],
  ['/v1/guests/web/console/x'],
  ['/v1/guests/web/__proto__'],
])('%s', (path) => {
  test('is no path of the API', () => {
    expect(() => matchRoute('PATCH', path)).toThrow(/no such path|no PATCH/)
  })
})
