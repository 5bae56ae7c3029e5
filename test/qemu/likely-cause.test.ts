import { expect, test } from 'vitest'
import { likelyCause } from '../../src/qemu/likely-cause.ts'

const said = (qemu: string[], more: Partial<Parameters<typeof likelyCause>[0]> = {}) =>
  likelyCause({ qemu, libxl: [], tun: 'there', emulatedNic: false, ...more })

/** Words of QEMU 7.2 and 10.0. */
test.each([
  ['could not configure /dev/net/tun (vif1.0-emu): Operation not permitted', 'tun'],
  ['-vnc 127.0.0.1:7: Failed to bind socket: Address already in use', 'VNC port'],
  ['-vnc 127.0.0.1:0,password=on,to=99: Cipher backend does not support DES algorithm', 'VNC password'],
  ['-vnc 10.9.9.9:0: Failed to bind socket: Cannot assign requested address', 'vnclisten'],
  ["qemu: could not load PC BIOS 'bios-256k.bin'", 'firmware'],
  ['Block node is read-only', 'for writing'],
  ['Failed to get "write" lock', 'disks open for writing'],
  ["-drive file=/srv/a.qcow2: Could not open '/srv/a.qcow2': No such file or directory", 'disks'],
  ['xen-qemu-system-i386: -nonsense: invalid option', 'options'],
  ['cannot set up guest memory: Cannot allocate memory', 'memory'],
  ['error while loading shared libraries: libfoo.so.1: cannot open shared object file', 'binary'],
])('"%s" is explained', (line, words) => {
  const cause = said([line])
  expect(`${cause?.why} ${cause?.fix}`).toContain(words)
})

test('without a word, a missing tun is the cause only for a guest with an emulated network card', () => {
  expect(said([], { tun: 'missing', emulatedNic: true })?.fix).toBe('modprobe tun')
  expect(said([], { tun: 'missing', emulatedNic: false })).toBeNull()
  expect(said([], { tun: 'there', emulatedNic: true })).toBeNull()
})

test('QEMU’s own words count before libxl’s', () => {
  const libxl = ['libxl: error: exec of /usr/bin/qemu failed']
  expect(said(['Address already in use'], { libxl })?.why).toContain('VNC port')
  expect(said(['what nobody knows'], { libxl })?.why).toContain('binary')
})
