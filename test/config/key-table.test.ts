import { describe, expect, test } from 'vitest'
import { guestJsonSchema } from '../../src/config/json-schema.ts'
import { GuestSpec } from '../../src/config/guest-spec.ts'
import { keysOfXl } from '../../src/config/keys/since.ts'
import { keySections, keyTable } from '../../src/config/keys/table.ts'

const rows = keySections.flatMap((section) => section.rows)
const supported = rows.filter(({ support }) => support === 'must' || support === 'should')

/** The keys that guests of today are written with, from many people's files. */
const needed = `name uuid type builder memory maxmem vcpus maxvcpus cpus cpu_weight cap kernel ramdisk cmdline root extra
  bootloader bootloader_args firmware bios boot disk vif vfb vnc vnclisten vncdisplay vncunused vncpasswd sdl keymap serial
  usb usbdevice pci on_poweroff on_reboot on_crash on_watchdog on_soft_reset acpi apic pae nx hap hpet viridian localtime
  rtc_timeoffset tsc_mode timer_mode vga stdvga videoram xen_platform_pci device_model_version device_model_args
  device_model_args_pv device_model_args_hvm nestedhvm cpuid shadow_memory pool cpus_soft max_grant_frames
  max_maptrack_frames max_event_channels nomigrate seclabel driver_domain bootloader_restrict bootloader_user pvshim
  pvshim_path pvshim_cmdline pvshim_extra hdtype soundhw spice gfx_passthru pci_permissive pci_msitranslate pci_seize
  pci_power_mgmt rdm passthrough e820_host iomem ioports irqs usbctrl usbdev usbversion vtpm channel p9 dm_restrict
  device_model_user device_model_override device_model_stubdomain_override stubdomain_memory acpi_firmware smbios
  smbios_firmware bios_path_override ms_vm_genid vnuma vendor_device mmio_hole`

describe('the key table', () => {
  test('has each key once', () => expect(rows).toHaveLength(keyTable.size))

  test('knows every key that an xl reads, and that of each which Xen it came with', () => {
    expect(keysOfXl.filter((name) => !keyTable.has(name))).toEqual([])
    expect(keysOfXl.length).toBeGreaterThan(160)
    expect(rows.filter(({ own, since }) => own === (since !== undefined)).map(({ name }) => name)).toEqual([])
  })

  test('supports every key that is needed', () => {
    const names = new Set(supported.map(({ name }) => name))
    expect(needed.split(/\s+/).filter((name) => !names.has(name))).toEqual([])
  })

  test.each(supported.map((row) => [row.name, row] as const))(
    '%s: a sentence, modes, and a field of its own',
    (name, row) => {
      expect(row.says).toMatch(/^["A-Z].*\.$/)
      expect(row.modes.length).toBeGreaterThan(0)
      expect(rows.filter(({ target }) => target === row.target)).toEqual([row])
      expect(row.own || row.libxl !== undefined || row.target.startsWith('@') || row.since !== undefined).toBe(true)
      expect(name).toMatch(/^[a-z][a-z0-9_]*$/)
    },
  )

  test('every field of the specification has a key', () => {
    const fields = Object.keys(GuestSpec.unwrap().shape)
    const made = new Set(rows.map(({ target }) => target.replace(/^@/, '').split('.')[0]))
    const combined = new Set(['mode', 'cmdline', 'firmware', 'firmwarePath', 'vga'])
    expect(fields.filter((field) => !made.has(field) && !combined.has(field))).toEqual([])
  })

  test('gives the JSON Schema its sentences', () => {
    const schema = guestJsonSchema() as { properties: Record<string, { description?: string }> }
    expect(schema.properties['memoryMiB']?.description).toBe('Memory at the start, in MiB. xl.cfg: memory.')
    expect(Object.keys(schema.properties)).toEqual(Object.keys(GuestSpec.unwrap().shape))
  })
})
