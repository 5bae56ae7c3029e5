import { mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ServedDaemon, WEB, serveDaemon } from '../daemon/http/served-daemon.ts'
import { type Ran, runCli, runInTerminal } from './run-cli.ts'

let served: ServedDaemon
let folder: string
beforeEach(async () => {
  served = await serveDaemon({ host: { exists: (name) => name !== '/missing' } })
  folder = await mkdtemp(join(tmpdir(), 'tetrarch-cli-'))
  await write('web.cfg', WEB)
})
afterEach(async () => {
  await served.stop()
  await rm(folder, { recursive: true })
})

const write = (name: string, text: string) => writeFile(join(folder, name), text)
const cli = (...args: string[]): Promise<Ran> => runCli(args, { socket: served.sockets.full, cwd: folder })
const withEditor = (editor: string, ...args: string[]): Promise<Ran> =>
  runCli(args, { socket: served.sockets.full, cwd: folder, env: { EDITOR: editor } })
const kept = () => readFile(join(served.config.paths.guests, 'web.cfg'), 'utf8')
const define = () => served.ask('PUT', '/v1/guests/web/definition', { text: WEB })

describe('define', () => {
  test('keeps a file, and says where', async () => {
    const file = join(served.config.paths.guests, 'web.cfg')
    expect(await cli('define', 'web.cfg')).toEqual({ status: 0, stdout: `web: defined, ${file}\n`, stderr: '' })
    expect(await kept()).toBe(WEB)
    expect(await cli('define', 'web.cfg')).toMatchObject({ status: 0, stdout: 'web: was defined so already\n' })
  })

  test('takes stdin', async () => {
    const { status } = await runCli(['define', '-'], { socket: served.sockets.full, input: WEB })
    expect({ status, text: await kept() }).toEqual({ status: 0, text: WEB })
  })

  test('shows how another definition of the guest differs, and replaces it only when told so', async () => {
    await define()
    await write('web.cfg', WEB.replace('128', '256'))
    const { status, stderr } = await cli('define', 'web.cfg')
    expect(status).toBe(5)
    expect(stderr).toContain('- memory = 128\n+ memory = 256\n')
    expect(stderr).toContain('fix    tetrarch define --replace web.cfg')
    expect(await kept()).toContain('128')
    expect(await cli('define', '--replace', 'web.cfg')).toMatchObject({ status: 0, stdout: /^web: replaced/ })
  })

  test('of a running guest says what changes, and when', async () => {
    await define()
    await cli('create', 'web')
    await write('web.cfg', WEB.replace('128', '256'))
    const { stdout } = await cli('define', '-r', 'web.cfg')
    expect(stdout).toContain('it runs; changes apply at next start:\n  memory: 128 → 256\n')
    expect((await cli('info', 'web')).stdout).toMatch(/^ {2}next start +memory: 128 → 256$/m)
    expect((await cli('list')).stdout).toMatch(/^web \+ /m)
    expect(JSON.parse((await cli('list', '--json')).stdout)).toMatchObject([
      { name: 'web', changes: [{ key: 'memory', before: '128', after: '256' }] },
    ])
  })

  test('refuses what cannot work on this host, with the place, unless forced', async () => {
    await write('web.cfg', WEB.replace('/srv/web.img', '/missing'))
    const { status, stderr } = await cli('define', 'web.cfg')
    expect(status).toBe(8)
    expect(stderr).toMatch(/web\.cfg:5:9: \/missing does not exist or cannot be read/)
    expect(await cli('define', '--force', 'web.cfg')).toMatchObject({ status: 0 })
  })
})

describe('edit', () => {
  beforeEach(define)

  test('keeps what the editor made of it, and shows the difference', async () => {
    const { status, stdout } = await withEditor('sed -i s/128/256/', 'edit', 'web')
    expect({ status, last: stdout.trimEnd().split('\n').at(-1) }).toEqual({ status: 0, last: 'web: kept' })
    expect(stdout).toContain('- memory = 128\n+ memory = 256\n')
    expect(await kept()).toBe(WEB.replace('128', '256'))
  })

  test('says that nothing was changed', async () => {
    expect(await withEditor('true', 'edit', 'web')).toEqual({
      status: 0,
      stdout: 'web: nothing was changed\n',
      stderr: '',
    })
  })

  test.each([
    ['does not load', 'sed -i s/128/lots/', 3, '"lots" is a word without quotes'],
    ['cannot work here', 'sed -i s,/srv/web.img,/missing,', 8, '/missing does not exist'],
  ])('of what %s keeps the old definition, and the new text beside it', async (_, editor, exit, said) => {
    const { status, stderr } = await withEditor(editor, 'edit', 'web')
    expect(status).toBe(exit)
    expect(stderr).toContain(said)
    expect(await kept()).toBe(WEB)
    const beside = /your text is kept in (\S+)/.exec(stderr)?.[1] ?? ''
    expect(await readFile(beside, 'utf8')).not.toBe(WEB)
    await rm(join(beside, '..'), { recursive: true })
  })

  test('does not lose what someone else changed while the editor was open', async () => {
    const file = join(served.config.paths.guests, 'web.cfg')
    const { status, stderr } = await withEditor(`sed -i s/128/64/ ${file}; sed -i s/128/256/`, 'edit', 'web')
    expect(status).toBe(5)
    expect(stderr).toMatch(/was changed in the meantime/)
    expect(await kept()).toBe(WEB.replace('128', '64'))
    await rm(join(/your text is kept in (\S+)/.exec(stderr)?.[1] ?? '', '..'), { recursive: true })
  })

  test('in a terminal goes back to the editor until it is right', async () => {
    // Wrong the first time, right the second.
    await write(
      'editor',
      '#!/bin/sh\nif grep -q 128 "$1"; then sed -i s/128/lots/ "$1"; else sed -i s/lots/256/ "$1"; fi\n',
    )
    const { stdout } = await runInTerminal(['edit', 'web'], {
      socket: served.sockets.full,
      env: { EDITOR: `sh ${join(folder, 'editor')}` },
      type: [['leave the old definition (q)?', 'e\n']],
    })
    expect(stdout).toContain('"lots" is a word without quotes')
    expect(stdout).toContain('web: kept')
    expect(await kept()).toBe(WEB.replace('128', '256'))
  })

  test('with an editor that fails changes nothing', async () => {
    expect(await withEditor('false', 'edit', 'web')).toMatchObject({ status: 2, stderr: /the editor failed: false/ })
    expect(await kept()).toBe(WEB)
  })
})

describe('dump', () => {
  beforeEach(define)

  test('prints the text as it is', async () => {
    expect(await cli('dump', 'web')).toEqual({ status: 0, stdout: WEB, stderr: '' })
  })

  test('--cfg and --json say what it means, of a file without a daemon', async () => {
    const offline = (...args: string[]) => runCli(args, { socket: '/nonexistent', cwd: folder })
    expect((await offline('dump', './web.cfg', '--cfg')).stdout).toBe(
      'name = "web"\ntype = "pvh"\n\nmemory = 128\n\nkernel = "/vmlinuz"\n\ndisk = [ "vdev=xvda,target=/srv/web.img" ]\n',
    )
    const { stdout } = await offline('dump', './web.cfg', '--json', 'memory=300')
    expect(JSON.parse(stdout)).toMatchObject({ name: 'web', mode: 'pvh', memoryMiB: 300 })
  })

  test('--libxl-json says what libxl would be given, and starts nothing', async () => {
    const { stdout, stderr } = await cli('dump', 'web', '--libxl-json', '--', 'memory=300')
    expect(JSON.parse(stdout)).toMatchObject({ c_info: { type: 'pvh' }, b_info: { target_memkb: 300 * 1024 } })
    expect(stderr).toContain('mode pvh')
    expect(served.host.remains()).toEqual([])
  })

  test('of what is not there names what was meant', async () => {
    expect(await cli('dump', 'wob')).toMatchObject({ status: 4, stderr: /did you mean "web"\?/ })
  })
})

describe('lint', () => {
  test('shows the line with a caret, and its exit status says whether there is an error', async () => {
    await write('web.cfg', `${WEB}vcups = 2\n`)
    const { status, stdout, stderr } = await cli('lint', 'web.cfg')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '1 warning in 1 file\n' })
    expect(stdout).toBe(
      `${join(folder, 'web.cfg')}:6:1: warning: unknown key "vcups", which xl would ignore without a word\n` +
        '  vcups = 2\n  ^ did you mean "vcpus"?\n',
    )
    expect(await cli('lint', '--strict', 'web.cfg')).toMatchObject({ status: 3 })
  })

  test('--json is for programs', async () => {
    await write('web.cfg', WEB.replace('128', 'lots'))
    const { status, stdout } = await cli('lint', '--json', '--offline', 'web.cfg')
    expect(status).toBe(3)
    expect(JSON.parse(stdout)).toMatchObject([
      { host: false, findings: [{ severity: 'error', rule: 'syntax', where: { line: 3, column: 10 } }] },
    ])
  })

  test('knows what only the host knows, and goes on without it where there is no daemon', async () => {
    await write('web.cfg', WEB.replace('/srv/web.img', '/missing'))
    expect(await cli('lint', 'web.cfg')).toMatchObject({ status: 3, stdout: /\/missing does not exist/ })
    const { status, stderr } = await runCli(['lint', 'web.cfg'], { socket: '/nonexistent', cwd: folder })
    expect(status).toBe(0)
    expect(stderr).toContain('not checked against this host')
  })

  test('sees what two of the files share', async () => {
    await write('db.cfg', WEB.replace('"web"', '"db"'))
    const { status, stdout } = await cli('lint', '--offline', 'web.cfg', 'db.cfg')
    expect(status).toBe(3)
    expect(stdout).toMatch(/web\.cfg:5:9: error: db has \/srv\/web.img too/)
    expect(stdout).toMatch(/db\.cfg:5:9: error: web has \/srv\/web.img too/)
  })

  test('tells two files with a guest of the same name, and takes a link for what it is', async () => {
    await write('copy.cfg', WEB.replace('/srv/web.img', '/srv/copy.img'))
    await symlink('web.cfg', join(folder, 'link.cfg'))
    expect(await cli('lint', '--offline', 'web.cfg', 'link.cfg')).toMatchObject({ status: 0 })
    const { status, stdout } = await cli('lint', '--offline', 'web.cfg', 'copy.cfg')
    expect(status).toBe(3)
    expect(stdout).toMatch(/web\.cfg:1:8: error: \S+\/copy\.cfg defines a guest web too\n/)
    expect(stdout).toMatch(/copy\.cfg:1:8: error: \S+\/web\.cfg defines a guest web too\n/)
  })

  test('without a file checks all that are defined, those that cannot be read too', async () => {
    await define()
    await writeFile(join(served.config.paths.guests, 'db.cfg'), 'name = db\n')
    expect(await cli('lint')).toMatchObject({ status: 3, stdout: /db\.cfg:1:8: error: "db" is a word without quotes/ })
  })
})

test('undefine removes the file and says what that means', async () => {
  await define()
  await cli('create', 'web')
  expect(await cli('undefine', 'web')).toEqual({
    status: 0,
    stdout:
      'web: no longer defined; it runs on as domain 1; when it ends it is forgotten, and nothing starts it again\n',
    stderr: '',
  })
  expect(await readdir(served.config.paths.guests)).toEqual([])
})

test('create takes settings after the file, as xl does', async () => {
  expect(await cli('create', 'web.cfg', '--', 'memory=300', 'name="two"')).toMatchObject({
    status: 0,
    stdout: /^two: running/,
  })
  expect((await cli('info', 'two')).stdout).toMatch(/memory +300 MiB/)
  expect(await cli('create', 'web.cfg', 'loud')).toMatchObject({ status: 2, stderr: /"loud" is no setting/ })
})
