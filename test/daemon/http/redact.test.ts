import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type ServedDaemon, serveDaemon } from './served-daemon.ts'
import { redact } from '../../../src/daemon/http/redact.ts'

const SCREEN = `name = "screen"
type = "pv"
memory = 64
kernel = "/vmlinuz"
vncpasswd = "first-secret"
spicepasswd='it\\'s a "secret", too' # and no comment
vfb = [ "vnc=1,vncpasswd=inner-secret,keymap=de" ]
`

describe('on the read-only socket', () => {
  let served: ServedDaemon
  beforeAll(async () => {
    served = await serveDaemon()
    await served.ask('PUT', '/v1/guests/screen/definition', { text: SCREEN })
    const overrides = ['vncpasswd="given-secret"']
    await served.ask('POST', '/v1/guests?wait=5000', { name: 'screen', overrides })
    // It runs with the others, and what changed is shown.
    await writeFile(join(served.config.paths.guests, 'screen.cfg'), SCREEN.replace('inner-secret', 'other-secret'))
    await vi.waitFor(async () => expect((await served.client.call('guests', {}))[0]?.changes).toHaveLength(1), 5000)
  })
  afterAll(() => served.stop())

  test.each(['guests', 'guests/screen', 'guests/screen/definition', 'definitions', 'tasks'])(
    '/v1/%s shows no password, and everything else as it is',
    async (path) => {
      const whole = JSON.stringify((await served.ask('GET', `/v1/${path}`)).body)
      const shown = JSON.stringify((await served.ask('GET', `/v1/${path}`, undefined, served.sockets.readOnly)).body)
      expect(shown).not.toContain('secret')
      if (path === 'tasks') return
      expect(whole).toContain('secret')
      expect(shown).toContain('***')
      expect(shown).toContain('keymap=de')
    },
  )

  test('a definition keeps its form, so that it can still be read', async () => {
    const { body } = await served.ask('GET', '/v1/guests/screen/definition', undefined, served.sockets.readOnly)
    expect(body).toMatchObject({
      text: `name = "screen"
type = "pv"
memory = 64
kernel = "/vmlinuz"
vncpasswd = "***"
spicepasswd = "***"
vfb = [ "vnc=1,vncpasswd=***,keymap=de" ]
`,
    })
  })

  test('the revision gives nobody a way to try passwords', async () => {
    const revision = async (socket: string) =>
      ((await served.ask('GET', '/v1/guests/screen/definition', undefined, socket)).body as { revision: string })
        .revision
    expect(await revision(served.sockets.readOnly)).not.toBe(await revision(served.sockets.full))
  })
})

test.each([
  ['a missing quote', 'vncpasswd="secret'],
  ['a quote too many', 'vnclisten="abc; vncpasswd="secret"'],
  ['quotes that pair otherwise than they seem to', 'vnclisten="abc; vncpasswd="secret""'],
  ['no quotes', 'vncpasswd = secret'],
  ['upper case', 'VNCPASSWD = "secret"'],
  ['a comment', '# vncpasswd = "secret"'],
  ['two statements on a line', 'vnc=1; spicepasswd="secret,secret"; vncpasswd="secret"'],
  ['an argument for QEMU', 'device_model_args = [ "-spice", "port=1,password=secret" ]'],
  ['escapes', `vfb = [ 'vncpasswd=a\\'secret,vnc=1' ]`],
])('a password is hidden in a text with %s', (_, text) => {
  const about = { where: { line: 1 }, message: '"secret" is a word without quotes' }
  const shown = JSON.stringify(redact({ text, revision: 'x', findings: [about] }))
  expect(shown).not.toContain('secret')
  expect(shown).toContain('***')
})

test('what is no password stays as it is', () => {
  const value = { text: 'vnc = 1\n# passes\n', list: [{ key: 'memory', before: '1', after: null }], revision: 'x' }
  expect(redact(value)).toEqual(value)
})
