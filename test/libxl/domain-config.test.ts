import { describe, expect, test } from 'vitest'
import { loadGuest } from '../../src/config/load.ts'
import { domainConfig } from '../../src/libxl/domain-config.ts'
import type { JsonObject } from '../../src/libxl/requests.ts'
import { allModes, modeNamed } from '../../src/modes/index.ts'
import { TetrarchError } from '../../src/words/errors.ts'
import { uuid } from '../../src/words/ids.ts'

const id = uuid('11111111-2222-3333-4444-555555555555')
const hostCpus = {
  count: 4,
  nodes: [
    [0, 1],
    [2, 3],
  ],
}
const generationId = Array.from({ length: 16 }, (_, byte) => byte)
const noFiles = { kernel: null, ramdisk: null, cmdline: null }
const kernel = { kernel: '/run/k', ramdisk: '/run/r', cmdline: 'root=/dev/xvda1' }

const definition = `
name = "web"
type = "hvm"
memory = 512
maxmem = 1024
vcpus = 2
disk = [ "vdev=xvda,target=/dev/vg/web", "vdev=hdc,cdrom" ]
vif = [ "mac=00:16:3e:00:00:01,bridge=xenbr0" ]
on_crash = "coredump-restart"
`

const configIn = (mode: (typeof allModes)[number], text = definition, boot: typeof kernel | typeof noFiles = noFiles) =>
  domainConfig({ spec: loadGuest(text, { file: 'web.cfg' }).spec, mode, uuid: id, boot, generationId, hostCpus })

describe("a plan in libxl's words", () => {
  test('for a guest with emulated hardware', () => {
    expect(configIn(modeNamed('pvhvm'))).toEqual({
      c_info: { type: 'hvm', name: 'web', uuid: id, run_hotplug_scripts: 'True' },
      b_info: {
        max_vcpus: 2,
        avail_vcpus: [0, 1],
        max_memkb: 1048576,
        target_memkb: 524288,
        claim_mode: 'True',
        'type.hvm': { xen_platform_pci: 'True' },
      },
      disks: [
        { pdev_path: '/dev/vg/web', vdev: 'xvda', format: 'raw', readwrite: 1 },
        { vdev: 'hdc', format: 'empty', removable: 1, is_cdrom: 1 },
      ],
      nics: [{ devid: 0, mac: '00:16:3e:00:00:01', bridge: 'xenbr0' }],
      on_poweroff: 'destroy',
      on_reboot: 'restart',
      on_crash: 'coredump_restart',
      on_watchdog: 'destroy',
      on_soft_reset: 'soft_reset',
    })
  })

  test('for a guest that is given its kernel', () => {
    expect(configIn(modeNamed('pv-in-pvh'), definition, kernel)).toMatchObject({
      c_info: { type: 'pvh' },
      b_info: { ...kernel, 'type.pvh': { pvshim: 'True' } },
      nics: [{ nictype: 'vif' }],
    })
  })

  test.each(allModes)('$name has the section of its type, and no other', (mode) => {
    const info = configIn(mode)['b_info'] as object
    expect(Object.keys(info).filter((field) => field.startsWith('type.'))).toEqual([`type.${mode.libxlType}`])
  })

  test('has the processors of this host', () => {
    const config = configIn(modeNamed('pvh'), `${definition}cpus = [ "all,^1", "nodes:1" ]\n`)
    expect(config).toMatchObject({
      b_info: {
        vcpu_hard_affinity: [
          [0, 2, 3],
          [2, 3],
        ],
        numa_placement: 'False',
      },
    })
  })

  test('has a new generation ID exactly where one is asked for', () => {
    const section = (text: string) => (configIn(modeNamed('pvhvm'), text)['b_info'] as JsonObject)['type.hvm']
    expect(section(`${definition}ms_vm_genid = "generate"\n`)).toMatchObject({ ms_vm_genid: generationId })
    expect(section(`${definition}ms_vm_genid = "none"\n`)).not.toHaveProperty('ms_vm_genid')
  })

  test('is refused for NUMA nodes of a host that does not tell them', () => {
    const { spec } = loadGuest(`${definition}cpus = "nodes:0"\n`, { file: 'web.cfg' })
    const plan = {
      spec,
      mode: modeNamed('pvh'),
      uuid: id,
      boot: noFiles,
      generationId,
      hostCpus: { count: 4, nodes: [] },
    }
    expect(() => domainConfig(plan)).toThrow(TetrarchError)
  })

  test('shows the console of a PV guest on a framebuffer, and that of no other', () => {
    const text = `${definition}vnc = 1\n`
    expect(configIn(modeNamed('pv'), text)).toMatchObject({
      vfbs: [{ devid: 0, vnc: { enable: 'True' } }],
      vkbs: [{ devid: 0 }],
    })
    expect(configIn(modeNamed('pvh'), text)).not.toHaveProperty('vfbs')
    expect(configIn(modeNamed('pvhvm'), text)).toMatchObject({ b_info: { 'type.hvm': { vnc: { enable: 'True' } } } })
  })
})
