import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RouteName, endpoints } from '../../../src/api/endpoints.ts'
import { problemSchema } from '../../../src/api/problem-schema.ts'
import { routes } from '../../../src/api/routes.ts'
import { taskSchema } from '../../../src/api/task.ts'
import { type ServedDaemon, WEB, serveDaemon } from './served-daemon.ts'

const WITH_A_SCREEN = `${WEB.replace('pvh', 'pv')}vfb = ["vnc=1"]\n`

let served: ServedDaemon
beforeAll(async () => {
  served = await serveDaemon()
  await served.ask('PUT', '/v1/guests/web/definition', { text: WITH_A_SCREEN })
  await served.ask('POST', '/v1/guests?wait=5000', { name: 'web' })
})

afterAll(() => served.stop())

const reads = Object.keys(endpoints).filter((name): name is RouteName => {
  const { method, answer, path } = endpoints[name as RouteName]
  return method === 'GET' && answer === 'json' && !path.includes(':task')
})

test.each(reads)('GET %s answers what its schema says, no more and no less', async (name) => {
  const { status, body } = await served.ask('GET', endpoints[name].path.replace(':guest', 'web'))
  expect(status).toBe(200)
  expect(routes[name].response.parse(body)).toEqual(body)
})

describe('who asks again and again', () => {
  const again = (etag: string | undefined) =>
    served.ask('GET', '/v1/guests', undefined, undefined, { 'if-none-match': etag })

  test('gets no body while nothing but CPU time has changed, and the news at once', async () => {
    const { headers } = await served.ask('GET', '/v1/guests')
    expect(await again(headers.etag)).toMatchObject({ status: 304, body: null, headers: { etag: headers.etag } })
    await served.ask('POST', '/v1/guests/web/pause?wait=5000')
    const news = await again(headers.etag)
    expect(news).toMatchObject({ status: 200, body: [{ name: 'web', state: 'paused' }] })
    expect(news.headers.etag).not.toBe(headers.etag)
    await served.ask('POST', '/v1/guests/web/unpause?wait=5000')
  })
})

describe('a change', () => {
  test('answers 202 and where to look for its task', async () => {
    const { status, headers, body } = await served.ask('POST', '/v1/guests/web/pause')
    const { id, caller } = taskSchema.parse(body)
    expect({ status, location: headers.location }).toEqual({ status: 202, location: `/v1/tasks/${id}` })
    expect(caller).toBe(`root, process ${process.pid}`)
    const ended = await served.ask('GET', `/v1/tasks/${id}?wait=5000`)
    expect(ended).toMatchObject({ status: 200, body: { id, state: 'succeeded' } })
  })

  test('that is waited for answers 200 with the ended task', async () => {
    const { status, body } = await served.ask('POST', '/v1/guests/web/unpause?wait=5000')
    expect(status).toBe(200)
    expect(taskSchema.parse(body)).toMatchObject({ kind: 'unpause', state: 'succeeded' })
  })

  test('that takes longer than it is waited for answers 202', async () => {
    served.host.hangNext('pause')
    const { status, body } = await served.ask('POST', '/v1/guests/web/pause?wait=20')
    expect(status).toBe(202)
    await served.ask('DELETE', `/v1/tasks/${taskSchema.parse(body).id}`)
  })
})

describe.each([
  ['an unknown path', 'GET', '/v2/guests', undefined, 404, 'not-found'],
  ['an unknown guest', 'GET', '/v1/guests/db', undefined, 404, 'not-found'],
  ['an unknown task', 'GET', '/v1/tasks/1', undefined, 404, 'not-found'],
  ['updates of an unknown task', 'GET', '/v1/tasks/1/updates', undefined, 404, 'not-found'],
  ['a method that a path has not', 'DELETE', '/v1/guests', undefined, 400, 'usage'],
  ['a broken escape', 'GET', '/v1/guests/%zz', undefined, 400, 'usage'],
  ['an unknown query', 'GET', '/v1/guests?sort=name', undefined, 400, 'usage'],
  ['a query given twice', 'GET', '/v1/events?since=1&since=2', undefined, 400, 'usage'],
  ['a wait that is no number', 'POST', '/v1/guests/web/pause?wait=long', undefined, 400, 'usage'],
  ['a wait beyond the limit', 'POST', '/v1/guests/web/pause?wait=99999999', undefined, 400, 'usage'],
  ['a body where none belongs', 'POST', '/v1/guests/web/pause', {}, 400, 'usage'],
  ['a body that is no JSON', 'POST', '/v1/guests', 'name=web', 400, 'usage'],
  ['no body where one belongs', 'POST', '/v1/guests', undefined, 400, 'usage'],
  ['a body of the wrong kind', 'POST', '/v1/guests', ['web'], 400, 'usage'],
  ['an unknown field', 'POST', '/v1/guests', { name: 'web', force: true }, 400, 'usage'],
  ['a field of the wrong type', 'POST', '/v1/guests', { name: 7 }, 400, 'usage'],
  ['a name and a definition', 'POST', '/v1/guests', { name: 'a', definition: { file: '/a', text: '' } }, 400, 'usage'],
  ['a prototype', 'POST', '/v1/guests', '{"name":"web","__proto__":{"paused":true}}', 400, 'usage'],
  ['a console without an upgrade', 'GET', '/v1/guests/web/console', undefined, 400, 'usage'],
])('%s', (_what, method, path, body, status, code) => {
  test('is refused with a problem document', async () => {
    const answer = await served.ask(method, path, body)
    expect(answer).toMatchObject({ status, headers: { 'content-type': 'application/problem+json' } })
    expect(problemSchema.parse(answer.body)).toMatchObject({ status, code })
  })
})

test('what is wrong with a body is named, field by field', async () => {
  const { body } = await served.ask('POST', '/v1/guests', { definition: { text: 'x', files: '/a' } })
  const { evidence = [] } = problemSchema.parse(body)
  expect(evidence.join('\n')).toMatch(/body\.definition\.file: .*expected string/)
  expect(evidence.join('\n')).toContain('"files"')
})
