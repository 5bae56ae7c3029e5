/** Guests boot the kernels on their own disks, whatever distribution made these: under tetrarchd, and under xl with our pygrub. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { MATERIAL } from '../../lab/demo-guests.ts'
import { dom0 } from '../../lab/dom0.ts'
import { type LabDaemon, labDaemon, remains } from './lab-daemon.ts'
import { hardwareVirtualized } from './small-guests.ts'

const DISKS = '/srv/boot-loader'
/** A block device whose whole content is one ext4 filesystem. */
const VOLUME = '/dev/boot-loader/guest'
/** Input that never comes and never ends, for programs that want a terminal. */
const SILENCE = '/run/silence'
const modes = ['pv', 'pvh'] as const

let daemon: LabDaemon
let kernelVersion: string
beforeAll(async () => {
  daemon = await labDaemon()
  await daemon.clear()
  await dom0.sh('rm -rf /root/boot-disks')
  await dom0.push(new URL('boot-disks', import.meta.url).pathname, '/root/boot-disks')
  await dom0.sh(`/root/boot-disks/build ${MATERIAL} ${DISKS}`, { timeoutMs: 300_000 })
  await dom0.sh(`[ -p ${SILENCE} ] || mkfifo ${SILENCE}`)
  kernelVersion = await dom0.sh('uname -r')
})
afterEach(() => daemon.clear())
afterAll(() => dom0.sh(`rm -rf ${DISKS}`))

const booting = (name: string, type: 'pv' | 'pvh', disk: string): string => `
name = "${name}"
type = "${type}"
memory = 128
disk = ["${disk}"]
`
const image = (name: string) => `format=raw,vdev=xvda,access=ro,target=${DISKS}/${name}.img`

interface Listed {
  readonly config: { readonly b_info: { readonly cmdline?: string } & Readonly<Record<string, unknown>> }
}
/** What libxl says that a domain was built from. */
async function builtFrom(name: string): Promise<Listed['config']['b_info']> {
  const { domid } = await daemon.guest(name)
  const [listed] = JSON.parse(await dom0.sh(`xl list -l ${domid}`)) as Listed[]
  return listed?.config.b_info ?? {}
}

describe.each([
  {
    like: 'Fedora: the saved entry of the Boot Loader Specification, on XFS in a GPT',
    disk: 'fedora',
    entry: 'Fedora Linux (6.8.5-301.fc40.x86_64) 40 (Forty) (gpt2:/grub2/grub.cfg)',
    cmdline: 'root=UUID=f00d ro console=hvc0 quiet entry=6.8.5-301.fc40.x86_64',
  },
  {
    like: 'Alpine: extlinux on ext4 in an MBR',
    disk: 'alpine',
    entry: 'Linux virt (msdos1:/extlinux.conf)',
    cmdline: 'root=UUID=a1b2 modules=ext4 quiet rootfstype=ext4 console=hvc0',
  },
  {
    like: "openSUSE: GRUB's script in the snapshot that is the default subvolume of btrfs",
    disk: 'opensuse',
    entry: 'openSUSE Leap 15.6 (gpt2:/boot/grub2/grub.cfg)',
    cmdline: 'root=UUID=50000000-0000-4000-8000-000000000005 console=hvc0 quiet mitigations=auto',
  },
])('a guest made like $like', ({ disk, entry, cmdline }) => {
  test('boots as PV and as PVH', hardwareVirtualized, async () => {
    await daemon.clear()
    for (const mode of modes) await daemon.create(booting(`${disk}-${mode}`, mode, image(disk)))
    for (const mode of modes) {
      const name = `${disk}-${mode}`
      const line = await daemon.marker(name)
      expect(line).toContain(`type=${mode.toUpperCase()} `)
      expect(line).toContain('disks=xvda ')
      expect(line).toContain(`kernel=${kernelVersion}`)
      const { booted, mode: ran, deviceModel } = await daemon.guest(name)
      expect(booted).toMatchObject({ how: 'boot-loader', what: entry })
      expect(booted?.kernelVersion).toContain(kernelVersion)
      expect(ran.observed).toBe(mode)
      expect(deviceModel).toBeNull()
      const built = await builtFrom(name)
      expect(built.cmdline).toBe(cmdline)
      expect(Object.keys(built)).toContain(`type.${mode}`)
    }
  })
})

test('a qcow2 disk boots the menu that it has itself, with the kernel of the raw file below it', async () => {
  await dom0.sh(`set -e; cd ${DISKS}
    cp --sparse=always alpine.img changed.img
    menu=$(grep -abo -m1 'APPEND root=UUID=a1b2' changed.img | cut -d: -f1)
    printf 'APPEND root=UUID=over' | dd of=changed.img bs=1 seek=$menu conv=notrunc status=none
    qemu-img convert -f raw -O qcow2 -B alpine.img -F raw changed.img overlay.qcow2
    rm changed.img`)
  await daemon.create(booting('overlaid', 'pv', `format=qcow2,vdev=xvda,access=rw,target=${DISKS}/overlay.qcow2`))
  expect((await builtFrom('overlaid')).cmdline).toContain('root=UUID=over ')
  expect(await daemon.marker('overlaid')).toContain('disks=xvda ')
  const { domid, deviceModel } = await daemon.guest('overlaid')
  expect(await dom0.sh(`xenstore-list /local/domain/0/backend/qdisk/${domid}`)).toBe('51712')
  expect(deviceModel?.reason).toContain('xvda')
})

describe('a block device', () => {
  const definition = booting('guest', 'pv', `format=raw,vdev=xvda,access=rw,target=${VOLUME}`)
  const removeVolume = `vgs boot-loader 2>/dev/null && vgremove -q -y boot-loader
    losetup -j ${DISKS}/volume.img -O NAME -n | xargs -r losetup -d`
  const entry = (label: string) => `LABEL ${label}
  LINUX vmlinuz
  INITRD initrd
  APPEND console=hvc0 quiet root=UUID=${label.repeat(4)}
`
  const menu = `DEFAULT a\n${entry('a')}${entry('b')}`

  beforeAll(async () => {
    await dom0.sh(
      `set -e; cd ${DISKS}
      ${removeVolume}
      truncate -s 64M volume.img
      loop=$(losetup --find --show volume.img)
      vgcreate -q boot-loader $loop
      lvcreate -q -y -L 40M -n guest boot-loader
      mkdir -p tree
      cp ${MATERIAL}/vmlinuz tree/vmlinuz
      cp ${MATERIAL}/initrd-pv.img tree/initrd
      cat > tree/extlinux.conf
      mke2fs -q -F -t ext4 -d tree ${VOLUME}`,
      { stdin: menu },
    )
  })
  afterAll(() => dom0.sh(`vgremove -q -y boot-loader; losetup -j ${DISKS}/volume.img -O NAME -n | xargs -r losetup -d`))

  const createPaused = async () => {
    const body = { definition: { file: '/root/test.cfg', text: definition }, paused: true } as const
    expect(await daemon.api.call('create', { query: { wait: 280_000 }, body })).toMatchObject({ state: 'succeeded' })
    return (await builtFrom('guest')).cmdline
  }
  /** Nothing can be read from a disk meanwhile. */
  const withoutSandbox = async (work: () => Promise<void>): Promise<void> => {
    const program = '/usr/lib/tetrarch/boot-sandbox.mjs'
    await dom0.sh(`mv ${program} ${program}.away`)
    try {
      await work()
    } finally {
      await dom0.sh(`mv ${program}.away ${program}`)
    }
  }
  /** Types a command into the guest and waits until it has said DONE. */
  test('is not read again at the second start, and what its guest changed is seen at its reboot', async () => {
    expect(await createPaused()).toBe('console=hvc0 quiet root=UUID=aaaa')
    await daemon.act('destroy', 'guest')
    await withoutSandbox(async () => {
      await daemon.create(definition)
    })
    expect(await daemon.marker('guest')).toContain('type=PV ')
    const at = await dom0.sh(`grep -abo -m1 'DEFAULT a' ${VOLUME} | cut -d: -f1`)
    await daemon.inGuest('guest', `printf 'DEFAULT b' | dd of=/dev/xvda bs=1 seek=${at} conv=notrunc && sync`)
    const { domid: before } = await daemon.guest('guest')
    await daemon.act('reboot', 'guest')
    expect((await daemon.guest('guest')).domid).toBeGreaterThan(before ?? 0)
    expect((await builtFrom('guest')).cmdline).toBe('console=hvc0 quiet root=UUID=bbbb')
  })
})

describe('the menu of create -c', () => {
  /** Types into a program on a terminal, each time once it has said what is waited for; what it said until the marker. */
  const typed = (command: string, keys: readonly (readonly [seen: string, keys: string])[]): Promise<string> => {
    const types = keys.map(([seen, text]) => `waits '${seen}'; printf '${text}' >&3`)
    return dom0.sh(
      `cd ${DISKS}; rm -f keys said; mkfifo keys; touch said
      waits() { for _ in $(seq 600); do grep -qaF "$1" said && return; sleep 0.2; done; cat said; exit 1; }
      script -qfec '${command}' said <> keys >/dev/null & exec 3> keys
      ${types.join('\n')}
      waits TETRARCH-GUEST; kill %1; cat said`,
      { timeoutMs: 240_000 },
    )
  }

  test('boots what is chosen by keys, with the command line that was typed; a reboot boots the default', async () => {
    await dom0.sh('cat > /root/menu.cfg', { stdin: booting('menu', 'pv', image('fedora')) })
    const said = await typed('stty cols 80 rows 24; tetrarch create -c /root/menu.cfg', [
      ['Up and Down', '\\033[A\\033[A\\033[Be'],
      ['Esc goes back', ' typed=1\\r'],
    ])
    expect(said).toContain('Fedora Linux (0-rescue) 40 (Forty)')
    const { cmdline } = await builtFrom('menu')
    expect(cmdline).toMatch(/entry=6\.8\.5-301\.fc40\.x86_64 typed=1$/)
    await daemon.act('reboot', 'menu')
    expect((await builtFrom('menu')).cmdline).toMatch(/entry=6\.8\.5-301\.fc40\.x86_64$/)
  })
})

describe('under xl with bootloader="/usr/lib/tetrarch/pygrub"', () => {
  const configure = (name: string, type: 'pv' | 'pvh', disk: string) =>
    dom0.sh(`cat > /root/${name}.cfg`, {
      stdin: `${booting(name, type, disk)}bootloader = "/usr/lib/tetrarch/pygrub"\n`,
    })
  /** The first line of a program on a terminal that has the marker. */
  const markerFrom = (command: string) =>
    dom0.sh(`grep -m1 TETRARCH-GUEST < <(timeout 200 script -qfec '${command}' /dev/null <> ${SILENCE} 2>/dev/null)`, {
      timeoutMs: 220_000,
    })

  test('a PV and a PVH guest boot, and no file of theirs is left', hardwareVirtualized, async () => {
    await daemon.clear()
    await configure('xl-pv', 'pv', image('fedora'))
    await configure('xl-pvh', 'pvh', image('opensuse'))
    await dom0.sh('xl create -q /root/xl-pv.cfg', { timeoutMs: 200_000 })
    const [pv, pvh] = await Promise.all([markerFrom('xl console xl-pv'), markerFrom('xl create -c /root/xl-pvh.cfg')])
    expect(pv).toContain('type=PV ')
    expect(pvh).toContain('type=PVH ')
    for (const line of [pv, pvh]) expect(line).toContain(`kernel=${kernelVersion}`)
    // libxl writes this of PV guests alone.
    const vm = await dom0.sh('xenstore-read /local/domain/$(xl domid xl-pv)/vm')
    expect(await dom0.sh(`xenstore-read ${vm}/image/cmdline`)).toContain('entry=6.8.5-301.fc40.x86_64')
    await dom0.sh('xl destroy xl-pv; xl destroy xl-pvh')
    await dom0.waitFor('nothing to be left', async () => (await remains()) === '')
    expect(await dom0.sh('find /run/xen /var/lib/xen -name "kernel-*" -o -name "ramdisk-*"')).toBe('')
  })

  test('a disk without a kernel makes xl fail, and the reason stands in its log', async () => {
    await dom0.sh(`truncate -s 4M ${DISKS}/empty.img; mke2fs -q -F -t ext4 -L nothing ${DISKS}/empty.img`)
    await configure('xl-none', 'pv', image('empty'))
    const { code, stderr } = await dom0.exec(['xl', 'create', '/root/xl-none.cfg'])
    expect(code).not.toBe(0)
    expect(stderr).toContain('bootloader failed')
    const log = /\/var\/log\/xen\/bootloader\.\d+\.log/.exec(stderr)?.[0] ?? 'no log'
    const why = await dom0.sh(`cat ${log}`)
    expect(why).toContain(`pygrub: cannot boot from ${DISKS}/empty.img`)
    expect(why).toContain('there is neither a boot menu that is read nor a kernel')
    expect(why).toContain('disk: ext4 "nothing"')
    await dom0.waitFor('nothing to be left', async () => (await remains()) === '')
  })
})
