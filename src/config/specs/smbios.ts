/** SMBIOS strings, `system_serial_number=42` (xl.cfg(5), smbios; Xen 4.18 tools/libs/light/libxl_types.idl, libxl_smbios_type). */
import type { Spec } from '../keys/codecs.ts'
import { pairOf } from './parts.ts'

export const smbiosKeys = [
  'bios_vendor',
  'bios_version',
  'system_manufacturer',
  'system_product_name',
  'system_version',
  'system_serial_number',
  'baseboard_manufacturer',
  'baseboard_product_name',
  'baseboard_version',
  'baseboard_serial_number',
  'baseboard_asset_tag',
  'baseboard_location_in_chassis',
  'enclosure_manufacturer',
  'enclosure_serial_number',
  'enclosure_asset_tag',
  'battery_manufacturer',
  'battery_device_name',
  'oem',
] as const

interface SmbiosString {
  readonly key: (typeof smbiosKeys)[number]
  readonly value: string
}

export function parseSmbios(spec: string): Spec<SmbiosString> {
  const [name, value] = pairOf(spec) ?? [spec, '']
  const key = smbiosKeys.find((known) => known === name)
  if (value === '') return { problem: `${JSON.stringify(spec)} is not like bios_vendor=TEXT` }
  return key === undefined ? { problem: `unknown SMBIOS string ${JSON.stringify(name)}` } : { value: { key, value } }
}

export const writeSmbios = ({ key, value }: SmbiosString): string => `${key}=${value}`
