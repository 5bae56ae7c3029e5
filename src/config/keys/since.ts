/**
 * The first release of Xen whose xl reads a key: tools/xl/xl_parse.c (before 4.10 tools/libxl/xl_cmdimpl.c) of each
 * stable branch. tetrarch's own keys are in no release.
 */
const firstReadIn: Readonly<Record<string, string>> = {
  '4.1': `acpi apic boot bootloader bootloader_args builder cpuid cpus device_model device_model_args
    device_model_args_hvm device_model_args_pv disk extra gfx_passthru hap hpet kernel keymap localtime maxmem maxvcpus
    memory name nodes nographic nomigrate nx on_crash on_poweroff on_reboot on_watchdog oos opengl pae pci
    pci_msitranslate pci_power_mgmt pool ramdisk root rtc_timeoffset sched sdl serial shadow_memory soundhw stdvga
    timer_mode tsc_mode usb usbdevice uuid vcpus vfb videoram vif vif2 viridian vnc vncdisplay vnclisten vncpasswd
    vncunused vpt_align xen_platform_pci`,
  '4.2': `acpi_s3 acpi_s4 bios cap cpu_weight device_model_override device_model_stubdomain_override
    device_model_stubdomain_seclabel device_model_version e820_host extratime firmware_override ioports irqs latency
    nestedhvm pci_permissive period seclabel slice spice spiceagent_mouse spicedisable_ticketing spicehost spicepasswd
    spiceport spicetls_port vncviewer`,
  '4.3': 'acpi_firmware init_seclabel iomem smbios_firmware vga vtpm',
  '4.4':
    'driver_domain max_event_channels pvh spice_clipboard_sharing spiceusbredirection spicevdagent usbversion vendor_device',
  '4.5': 'channel cmdline cpus_soft display mmio_hole ms_vm_genid pci_seize xauthority',
  '4.6': `altp2mhvm device_tree dtdev gic_version hdtype rdm rdm_mem_boundary spice_image_compression
    spice_streaming_video vnuma`,
  '4.7': 'device_model_user on_soft_reset usbctrl usbdev',
  '4.8': 'bios_path_override',
  '4.9': 'acpi_laptop_slate altp2m p9',
  '4.10': `dm_restrict firmware max_grant_frames max_maptrack_frames mca_caps pvshim pvshim_cmdline pvshim_extra
    pvshim_path type vdispl vuart`,
  '4.11': 'pvcalls',
  '4.12': 'vkb vsnd',
  '4.13': 'passthrough tee vkb_device',
  '4.14': 'stubdomain_kernel stubdomain_memory stubdomain_ramdisk xend_suspend_evtchn_compat',
  '4.15': 'msr_relaxed vmtrace_buf_kb',
  '4.16': 'max_grant_version stubdomain_cmdline vpmu',
  '4.18': 'bootloader_restrict bootloader_user smbios sve virtio',
  '4.19': 'hvm_pirq nr_spis',
  '4.20': 'llc_colors',
  '4.21': 'altp2m_count arm_sci trap_unmapped_accesses xen_platform_pci_bar_uc xenstore_feature_mask',
  '4.22': 'xenstore_quota',
}

const releases: ReadonlyMap<string, string> = new Map(
  Object.entries(firstReadIn).flatMap(([release, names]) => names.split(/\s+/).map((name) => [name, release] as const)),
)

/** Every key that an xl of Xen 4.1 to now has read. */
export const keysOfXl: readonly string[] = [...releases.keys()]

/** Such as 4.10; undefined for what no xl reads. */
export const xenOfKey = (name: string): string | undefined => releases.get(name)
