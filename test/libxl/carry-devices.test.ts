import { describe, expect, test } from 'vitest'
import { carryDevices } from '../../src/libxl/carry-devices.ts'

const disk = (vdev: string, more: object = {}) => ({ vdev, pdev_path: `/srv/${vdev}.img`, format: 'raw', ...more })
const started = { disks: [disk('xvda'), disk('hdc', { is_cdrom: 1 })], nics: [{ devid: 0, bridge: 'xenbr0' }] }
const running = {
  disks: [
    { ...disk('xvda'), backend: 'phy' },
    { ...disk('hdc', { is_cdrom: 1 }), backend: 'phy' },
  ],
  nics: [{ devid: 0, bridge: 'xenbr0', mac: '00:16:3e:00:00:01' }],
}

describe('a restart', () => {
  test('keeps the address that libxl made up', () => {
    expect(carryDevices(started, { started, running })).toEqual({
      ...started,
      nics: [{ devid: 0, bridge: 'xenbr0', mac: '00:16:3e:00:00:01' }],
    })
  })

  test('keeps a disk and an interface that were attached', () => {
    const more = { disks: [...running.disks, disk('xvdb')], nics: [...running.nics, { devid: 1, bridge: 'br1' }] }
    const next = carryDevices(started, { started, running: more })
    expect(next['disks']).toEqual([...started.disks, disk('xvdb')])
    expect(next['nics']).toEqual([expect.anything(), { devid: 1, bridge: 'br1' }])
  })

  test('leaves out a disk that was detached', () => {
    expect(
      carryDevices(started, { started, running: { ...running, disks: [running.disks[0] ?? {}] } })['disks'],
    ).toEqual([disk('xvda')])
  })

  test('keeps a medium that was changed, and one that was ejected', () => {
    const cd = (medium: object) => ({ ...running, disks: [disk('xvda'), { vdev: 'hdc', is_cdrom: 1, ...medium }] })
    const drive = (medium: object) =>
      (carryDevices(started, { started, running: cd(medium) })['disks'] as readonly object[])[1]
    expect(drive({ pdev_path: '/srv/other.iso', format: 'raw' })).toMatchObject({ pdev_path: '/srv/other.iso' })
    expect(drive({ format: 'empty' })).toEqual({ vdev: 'hdc', is_cdrom: 1, format: 'empty' })
  })

  test('follows a definition that was changed on what it names', () => {
    const next = { disks: [disk('xvda', { pdev_path: '/srv/new.img' }), disk('xvdb', { readwrite: 1 })] }
    const more = { ...running, disks: [...running.disks, disk('xvdb')] }
    expect(carryDevices(next, { started, running: more })['disks']).toEqual(next.disks)
  })

  test('says nothing of kinds that nobody has', () => {
    expect(carryDevices({ c_info: { name: 'web' } }, { started: {}, running: {} })).toEqual({ c_info: { name: 'web' } })
  })
})
