/** libvirt's Xen driver, by virsh: a second peer, while it is measured alone there. */
import { existsSync, writeFileSync } from 'node:fs'
import { type Toolstack, fileOf, run, until } from './sides.ts'

const DAEMON = '/usr/sbin/libvirtd'
const UNIT = 'bench-libvirt'
/** An emulated AMD processor has neither VME nor SEP, and libvirt knows no x86 without; its QEMU driver wants a user that only whole installations have. */
const FITTING = `sed -i /vme/d /usr/share/libvirt/cpu_map/x86_486.xml
  rm -f /usr/lib/*/libvirt/connection-driver/libvirt_driver_qemu.so`
const virsh = (...words: readonly string[]) => run('virsh', ['-q', '-c', 'xen:///system', ...words])

const documents = new Map<string, string>()
/** The file with libvirt's own translation of a definition of xl, made outside of what is measured. */
export async function translateAhead(text: string): Promise<void> {
  const file = fileOf(text)
  writeFileSync(file, text)
  const { stdout } = await virsh('domxml-from-native', 'xen-xl', file)
  const document = file.replace(/cfg$/, 'xml')
  writeFileSync(document, stdout)
  documents.set(text, document)
}

const libvirt: Toolstack = {
  create: (text) => virsh('create', '--paused', documents.get(text) ?? fileOf(text)),
  destroy: (name) => virsh('destroy', name),
}

/** Null where libvirt is not installed. */
export async function withLibvirt(work: (libvirt: Toolstack | null) => Promise<void>): Promise<void> {
  if (!existsSync(DAEMON)) {
    await work(null)
    return
  }
  await run('sh', ['-c', FITTING])
  await run('systemd-run', [`--unit=${UNIT}`, '--collect', DAEMON])
  try {
    await until('libvirt to answer', () => virsh('version').then(Boolean, () => false), 500)
    await work(libvirt)
  } finally {
    await run('systemctl', ['stop', UNIT])
  }
}
