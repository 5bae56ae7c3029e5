import { describe, expect, test } from 'vitest'
import { type NetworkRules, withOurScript } from '../../../src/daemon/xen/devices/our-script.ts'
import type { JsonObject } from '../../../src/libxl/requests.ts'

const PROGRAM = '/usr/lib/tetrarch/connect-device'
const rules: NetworkRules = {
  needScripts: false,
  scriptsFilter: true,
  kindOf: (name) => (name === 'xenbr0' ? 'linux' : name === 'ovs' ? 'open-vswitch' : 'none'),
}

const scriptOf = (kind: 'disks' | 'nics', device: JsonObject, more: JsonObject = {}, given = rules) => {
  const made = withOurScript({ b_info: {}, [kind]: [device], ...more }, PROGRAM, given)
  return (made[kind] as readonly JsonObject[])[0]?.['script']
}

describe('a disk', () => {
  const raw = { pdev_path: '/srv/a.img', vdev: 'xvda', format: 'raw', readwrite: 1 }
  test('that is a raw file or a block device is connected by the daemon', () => {
    expect(scriptOf('disks', raw)).toBe(PROGRAM)
    expect(scriptOf('disks', { ...raw, backend: 'phy' })).toBe(PROGRAM)
  })
  test.each([
    ['with a script of the user', { script: 'block-iscsi' }, 'block-iscsi'],
    ['that another domain serves', { backend_domname: 'storage' }, undefined],
    ['that QEMU opens', { format: 'qcow2' }, undefined],
    ['that QEMU is asked to serve', { backend: 'qdisk' }, undefined],
    ['that is a CD', { is_cdrom: 1 }, undefined],
    ['whose target is no path', { pdev_path: 'iqn.2001-04.com:disk' }, undefined],
  ])('%s is left to Xen', (_, parts, script) => expect(scriptOf('disks', { ...raw, ...parts })).toBe(script))
  test('of a guest with a stub domain is left to Xen', () => {
    expect(scriptOf('disks', raw, { b_info: { device_model_stubdomain: 'True' } })).toBeUndefined()
  })
})

describe('a network interface', () => {
  const nic = { devid: 0, bridge: 'xenbr0' }
  test('on a bridge of dom0 is connected by the daemon, on the default bridge as well', () => {
    expect(scriptOf('nics', nic)).toBe(PROGRAM)
    expect(scriptOf('nics', { devid: 0 })).toBe(PROGRAM)
  })
  test.each([
    ['with a script of the user', { script: 'vif-route' }, 'vif-route'],
    ['with an address to filter by', { ip: '10.0.0.2' }, undefined],
    ['with a gateway', { gatewaydev: 'eth0' }, undefined],
    ['that another domain serves', { backend_domname: 'net' }, undefined],
    ['on what is no bridge', { bridge: 'eth0' }, undefined],
  ])('%s is left to Xen', (_, parts, script) => expect(scriptOf('nics', { ...nic, ...parts })).toBe(script))
  test('with an address is connected by the daemon where scripts do not filter by it', () => {
    expect(scriptOf('nics', { ...nic, ip: '10.0.0.2' }, {}, { ...rules, scriptsFilter: false })).toBe(PROGRAM)
  })
  test.each(['ovs', 'ovs.7', 'ovs:20:30'])('on %s of Open vSwitch is connected by the daemon in any case', (bridge) => {
    expect(scriptOf('nics', { ...nic, bridge, ip: '10.0.0.2' }, {}, { ...rules, needScripts: true })).toBe(PROGRAM)
  })
  test('is left to Xen where a firewall or hooks need its scripts', () => {
    expect(scriptOf('nics', nic, {}, { ...rules, needScripts: true })).toBeUndefined()
  })
})
