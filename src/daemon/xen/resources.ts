import { existsSync } from 'node:fs'
import { access, constants, stat } from 'node:fs/promises'
import type { DiskSpec } from '../../config/device-spec.ts'
import { OWN_TMP, isTemporary } from '../../config/lint/host-rules.ts'
import type { GuestSpec } from '../../config/guest-spec.ts'
import { fail } from '../../words/errors.ts'
import { bridgeKind, parseBridge } from './devices/bridge.ts'
import { mustBeAssignable } from './pci-devices.ts'

/**
 * Checks that what a specification names in dom0 is there, before anything is built.
 * Throws `file-missing` with the key, or `host-lacks` for a bridge or a PCI device.
 */
export async function checkResources(spec: GuestSpec): Promise<void> {
  if (spec.kernel !== undefined) await mustBeReadable(spec.kernel, 'kernel', spec.name)
  if (spec.ramdisk !== undefined) await mustBeReadable(spec.ramdisk, 'ramdisk', spec.name)
  for (const disk of spec.disks) await checkDisk(disk, spec.name)
  for (const device of spec.pci) mustBeAssignable(device, spec.name)
  for (const { bridge, script, backend } of spec.nics) {
    // A script of the user's own may take any word as a bridge; another domain's bridges are not ours to see.
    if (bridge !== undefined && script === undefined && backend === undefined) mustBeBridge(bridge, spec.name)
  }
}

async function checkDisk({ target, vdev, script, backend }: DiskSpec, guest: string): Promise<void> {
  if (target === null || script !== undefined || backend !== undefined) return
  await mustBeReadable(target, `disk ${vdev}`, guest)
  const found = await stat(target)
  if (found.isFile() || found.isBlockDevice()) return
  throw fail('file-missing', {
    what: `the disk ${vdev} of "${guest}" is neither a file nor a block device`,
    where: target,
    fix: 'correct the path in disk=',
  })
}

async function mustBeReadable(path: string, role: string, guest: string): Promise<void> {
  if (!path.startsWith('/')) {
    throw fail('file-missing', {
      what: `the ${role} of "${guest}" is given by a relative path`,
      where: path,
      why: 'the daemon has no working folder of yours to start from',
      fix: 'give the whole path, from /',
    })
  }
  try {
    await access(path, constants.R_OK)
  } catch (cause) {
    const why =
      cause instanceof Error && 'code' in cause && cause.code === 'ENOENT' ? 'there is no such file' : String(cause)
    throw fail(
      'file-missing',
      {
        what: `the ${role} of "${guest}" cannot be read`,
        where: path,
        why,
        fix: isTemporary(path) ? OWN_TMP : 'correct the path in its definition',
      },
      { cause },
    )
  }
}

/** Whether dom0 has the bridge that `bridge=` of a vif names, with or without a VLAN. */
export const isBridge = (bridge: string): boolean => bridgeKind(parseBridge(bridge).name) !== 'none'

function mustBeBridge(text: string, guest: string): void {
  if (isBridge(text)) return
  const bridge = parseBridge(text).name
  const isInterface = existsSync(`/sys/class/net/${bridge}`)
  throw fail('host-lacks', {
    what: `"${guest}" wants its network on the bridge ${bridge}`,
    why: isInterface ? `${bridge} is a network interface, but no bridge` : `dom0 has no interface ${bridge}`,
    fix: `create it (ip link add ${bridge} type bridge), or correct bridge= in vif=`,
  })
}
