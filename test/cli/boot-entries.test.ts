import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fail } from '../../src/words/errors.ts'
import { type ServedDaemon, WEB, serveDaemon } from '../daemon/http/served-daemon.ts'
import { type Ran, runCli } from './run-cli.ts'

const FROM_DISK = WEB.replace('kernel = "/vmlinuz"\n', 'extra = "console=hvc0"\n')

let served: ServedDaemon
let folder: string
beforeEach(async () => {
  served = await serveDaemon()
  folder = await mkdtemp(join(tmpdir(), 'tetrarch-cli-'))
  await writeFile(join(folder, 'web.cfg'), FROM_DISK)
})
afterEach(async () => {
  await served.stop()
  await rm(folder, { recursive: true })
})

const cli = (...args: string[]): Promise<Ran> => runCli(args, { socket: served.sockets.full, cwd: folder })

describe('boot-entries', () => {
  test('lists what a definition can boot, its default and why', async () => {
    const { status, stdout } = await cli('boot-entries', 'web.cfg')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^ENTRY {2}TITLE +KERNEL +MODES +ON\n\* 0 +Simulated Linux +6\.1\.0-simulated +pv pvh /)
    expect(stdout).toContain('\n  disk     /srv/web.img (raw)\n  default  gpt2:/boot/grub/grub.cfg: default is "0"\n')
    expect(stdout).toContain('\n  adds     console=hvc0\n')
  })

  test('takes a guest by its name, a file that holds a text for a definition, and other files for images', async () => {
    await cli('create', 'web.cfg')
    await writeFile(join(folder, 'other'), FROM_DISK.replaceAll('web', 'other'))
    const diskOf = async (word: string) =>
      (JSON.parse((await cli('boot-entries', '--json', word)).stdout) as { disk: string }).disk
    expect(await diskOf('web')).toBe('/srv/web.img')
    expect(await diskOf('./other')).toBe('/srv/other.img')
    await writeFile(join(folder, 'image'), Buffer.alloc(1024))
    expect(await diskOf('./image')).toBe(join(folder, 'image'))
  })

  test('with -l shows files and command lines', async () => {
    const { stdout } = await cli('boot-entries', '-l', '/srv/any.qcow2')
    expect(stdout).toContain('  ramdisk  /boot/initrd.img-6.1.0-simulated\n  args     root=/dev/xvda2 ro quiet\n')
    expect(stdout).toContain('/srv/any.qcow2 (qcow2)')
  })

  test('says of a guest with a kernel in dom0 that its disk is not asked', async () => {
    await writeFile(join(folder, 'web.cfg'), WEB)
    expect((await cli('boot-entries', 'web.cfg')).stdout).toContain(
      '"web" does not ask this menu: it boots from kernel',
    )
  })

  test('shows all that was looked at when there is nothing', async () => {
    const evidence = Array.from({ length: 30 }, (_, index) => `gpt${index}: ext4, 1 MiB`)
    served.host.failNext('bootEntries', fail('boot-not-found', { what: 'cannot boot', why: 'nothing', evidence }))
    const { status, stderr } = await cli('boot-entries', 'web.cfg')
    expect(status).toBe(9)
    for (const line of evidence) expect(stderr).toContain(line)
  })

  test('is nothing for the read-only socket', async () => {
    const ran = await runCli(['boot-entries', '/dev/sda'], { socket: served.sockets.readOnly })
    expect(ran).toMatchObject({ status: 15, stderr: /only for looking/ })
  })

  test.each([
    [['--format=vmdk', '/srv/web.img'], 'there is no format "vmdk"'],
    [['nobody'], 'there is no guest "nobody"'],
  ])('%j is refused', async (words, text) => {
    expect((await cli('boot-entries', ...words)).stderr).toContain(text)
  })
})

describe('create', () => {
  const booted = async () => (await served.client.call('guest', { params: { guest: 'web' } })).booted

  test('boots the entry, or the kernel of the disk, that was named', async () => {
    expect(await cli('create', 'web.cfg', '--entry', '1>1')).toMatchObject({ status: 0 })
    expect(await booted()).toMatchObject({ how: 'boot-loader', what: /recovery mode/ })
    await cli('destroy', 'web')
    await cli('create', 'web.cfg', '--boot-kernel', '/boot/other', '--cmdline', 'single')
    expect(await booted()).toMatchObject({ what: '/boot/other' })
  })

  test.each([
    [['--entry=gone'], 9, 'no menu has an entry "gone"'],
    [['--entry=0', '--boot-kernel=/k'], 2, 'an entry and a kernel'],
    [['--boot-ramdisk=/r'], 2, 'without its kernel'],
    [['--menu'], 2, '--menu needs a terminal'],
  ])('%j is refused and starts nothing', async (words, status, text) => {
    expect(await cli('create', 'web.cfg', ...words)).toMatchObject({ status, stderr: new RegExp(text) })
    expect(await served.client.call('guests', {})).toEqual([])
  })

  test('an entry for a guest that asks no menu is an error, and not another boot', async () => {
    await writeFile(join(folder, 'web.cfg'), WEB)
    const { status, stderr } = await cli('create', 'web.cfg', '--entry=0')
    expect({ status, stderr }).toMatchObject({ status: 3, stderr: /does not boot from the menu on its disk/ })
  })
})
