/** The life of the package in a dom0 whose guests run: removed, purged, installed anew, upgraded, and the lab has it again. */
import { basename } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dom0 } from '../../lab/dom0.ts'
import { buildEarlierPackage, buildPackage, earlierFile, earlierVersion } from '../../lab/package.ts'
import { type LabDaemon, labDaemon } from './lab-daemon.ts'

const TICKER = '/srv/guests/ticker.bin'
const DISK = '/srv/guests/kept.img'
const DEFINITION = '/etc/tetrarch/guests/kept.cfg'
const UNITS = ['tetrarchd.socket', 'tetrarchd-ro.socket', 'tetrarchd.service', 'tetrarch-guests.service']
/** Not in /var/tmp, which the service has of its own. */
const RUNTIME = '/srv/guests/runtime'

/** Where a package lies in dom0. */
const there = (file: string) => `/var/tmp/${basename(file)}`
/** On one processor, as lab/install.ts has it. */
const dpkg = (...words: readonly string[]) =>
  dom0.sh(`taskset 1 dpkg --force-unsafe-io ${words.join(' ')}`, { timeoutMs: 400_000 })

/** A guest that says something all the time, and is not given much to do it. */
const ticking = `name = "ticking"\ntype = "pv"\nmemory = 32\nkernel = "${TICKER}"\ncap = 20\n`
/** A guest with a QEMU; it is paused, so it needs nothing to boot from. */
const emulated = 'name = "emulated"\ntype = "hvm"\nmemory = 64\nvga = "none"\n'
const kept = `name = "kept"\ntype = "pv"\nmemory = 32\nkernel = "${TICKER}"\nautostart = 1\ndisk = ["${DISK},raw,xvda,w"]\n`

let daemon: LabDaemon
let earlier = ''
let deb = ''
beforeAll(async () => {
  earlier = await buildEarlierPackage({ runtime: RUNTIME })
  deb = await buildPackage('zstd')
  for (const file of [earlier, deb]) await dom0.push(file, there(file))
  daemon = await labDaemon()
  await daemon.clear()
  await dom0.sh(`
    mkdir -p /srv/guests; ln -f /usr/lib/tetrarch/node ${RUNTIME}; truncate -s 1M ${DISK}
    cd $(mktemp -d); mkdir -p boot/grub
    printf 'while true; do\n echo tick\n sleep 1\ndone\n' > boot/grub/grub.cfg; tar cf files.tar boot
    grub-mkimage -O x86_64-xen -p '(memdisk)/boot/grub' -m files.tar -o ${TICKER} normal memdisk tar echo sleep test true
  `)
  await startGuests()
  await dom0.sh(`cat > ${DEFINITION}`, { stdin: kept })
}, 900_000)
afterAll(async () => {
  // Whatever failed, the next file finds its daemon.
  if (!(await version()).startsWith('installed') || (await version()).includes(earlierVersion))
    await dpkg(`--install ${there(deb)}`)
  daemon = await labDaemon()
  await daemon.clear()
  await dom0.sh(`rm -f /var/tmp/tetrarch_* ${DEFINITION} ${DISK} ${TICKER} ${RUNTIME}`)
})

async function startGuests(): Promise<void> {
  await daemon.create(ticking)
  await daemon.create(emulated)
  await daemon.act('pause', 'emulated')
}

const version = () => dom0.sh("dpkg-query -Wf '${db:Status-Status} ${Version}' tetrarch 2>/dev/null || true")
const lines = (text: string) => text.split('\n').filter((line) => line !== '')
const stateOf = (units: readonly string[]) => dom0.sh(`systemctl is-active ${units.join(' ')} || true`).then(lines)

/** What a guest could notice: its domain, since when it is there, and the processes that serve it. */
const guestsByXen = () =>
  dom0.sh(`
    xl list | tail -n +3 | awk '{ print $1, $2 }'
    for id in $(xl list | tail -n +3 | awk '{ print $2 }'); do xenstore-read /local/domain/$id/vm; done
    ps -eo pid,lstart,args | grep '[x]en-domid [1-9]' | awk '{ print $1, $5 }'
  `)
const ticks = async () => Number(await dom0.sh('tetrarch logs ticking | grep -c tick || true'))
const moreTicks = async (than: number) =>
  dom0.waitFor('the guest to be heard again', async () => (await ticks()) > than + 1, { timeoutMs: 90_000 })

describe('removing the package', () => {
  test('ends the service and leaves every guest as it is', async () => {
    const before = await guestsByXen()
    expect(lines(before)).toHaveLength(5)
    await dpkg('--remove tetrarch')
    expect(await guestsByXen()).toBe(before)
    expect(await stateOf(UNITS)).toEqual(UNITS.map(() => 'inactive'))
    expect(await dom0.sh('ls /run/tetrarch/*.sock /usr/bin/tetrarch /usr/lib/tetrarch 2>/dev/null || true')).toBe('')
  })

  test('keeps settings, definitions and what the daemon knows', async () => {
    const stays = [
      '/etc/tetrarch/tetrarchd.toml',
      DEFINITION,
      DISK,
      '/var/lib/tetrarch',
      '/var/log/tetrarch/consoles/ticking.log',
    ]
    expect((await dom0.sh(`ls -d ${stays.join(' ')}`)).split('\n')).toHaveLength(stays.length)
  })
})

describe('purging it', () => {
  test('removes what it made, and no guest, no definition and no disk', async () => {
    const before = await guestsByXen()
    await dpkg('--purge tetrarch')
    expect(await guestsByXen()).toBe(before)
    expect(await dom0.sh(`cat ${DEFINITION}; stat -c %s ${DISK}`)).toBe(`${kept}1048576`)
    const made = '/var/lib/tetrarch /var/cache/tetrarch /var/log/tetrarch /run/tetrarch /etc/tetrarch/tetrarchd.toml'
    expect(await dom0.sh(`ls -d ${made} 2>/dev/null || true`)).toBe('')
    expect(await dom0.sh("find /etc/systemd /var/lib/systemd/deb-systemd-helper-* -name '*tetrarch*'")).toBe('')
    expect(await version()).toBe('')
  })
})

describe('installing it', () => {
  test('gives a service that answers and will start with the host, and starts no guest', async () => {
    await dom0.sh('for guest in ticking emulated; do xl destroy $guest || true; done')
    await dpkg(`--install ${there(earlier)}`)
    expect(await version()).toBe(`installed ${earlierVersion}`)
    expect(await dom0.sh(`systemctl is-enabled ${UNITS.join(' ')}`)).toBe(UNITS.map(() => 'enabled').join('\n'))
    expect(await stateOf(UNITS)).toEqual(['active', 'active', 'active', 'inactive'])
    daemon = await labDaemon()
    expect(await daemon.list()).toMatchObject([{ name: 'kept', state: 'halted' }])
    expect(await dom0.sh('getent group tetrarch tetrarch-ro | cut -d : -f 1')).toBe('tetrarch\ntetrarch-ro')
  })
})

describe('upgrading it', () => {
  let before = ''
  let heard = 0
  beforeAll(async () => {
    await startGuests()
    await dom0.sh(
      "echo '# mine' >> /etc/tetrarch/tetrarchd.toml; rm -f /tmp/pid; systemctl show -P MainPID tetrarchd > /tmp/pid",
    )
    await moreTicks(0)
    before = await guestsByXen()
    heard = await ticks()
    await dpkg(`--install ${there(deb)}`)
    daemon = await labDaemon()
  }, 600_000)

  test('brings a new daemon, which knows its guests', async () => {
    expect(await version()).not.toContain(earlierVersion)
    expect(await dom0.sh('test "$(systemctl show -P MainPID tetrarchd)" != "$(cat /tmp/pid)" && echo new')).toBe('new')
    expect(await daemon.list()).toMatchObject([
      { name: 'ticking', state: 'running', managed: true },
      { name: 'emulated', state: 'paused', managed: true },
      { name: 'kept', state: 'halted' },
    ])
  })

  test('changes no guest: the same domains, the same QEMU, and the console is read on', async () => {
    expect(lines(before)).toHaveLength(5)
    expect(await guestsByXen()).toBe(before)
    await moreTicks(heard)
    // Each daemon says where it begins to read; it is the same domain.
    expect(
      await dom0.sh(
        "tetrarch logs ticking | grep -o '^.tetrarch.* domain [0-9]*' | awk '{ print $NF }' | sort -u | wc -l",
      ),
    ).toBe('1')
  })

  test('keeps changed settings, and takes files away that are no longer part of it', async () => {
    expect(await dom0.sh('tail -n 1 /etc/tetrarch/tetrarchd.toml')).toBe('# mine')
    expect(await dom0.sh(`ls ${earlierFile} 2>/dev/null || true`)).toBe('')
  })
})
