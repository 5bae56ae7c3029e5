/** Devices of a USB bus, and devices that backends other than those for disks and networks serve. */
import type { ChannelSpec, P9Spec, UsbControllerSpec, UsbDeviceSpec, VtpmSpec } from '../../config/device-spec.ts'
import type { JsonObject } from '../requests.ts'
import { withoutUndefined } from './json.ts'

/** libxl_device_channel. */
export const channelConfigs = (channels: readonly ChannelSpec[]): readonly JsonObject[] =>
  channels.map((channel, devid) =>
    withoutUndefined({
      devid,
      name: channel.name,
      backend_domname: channel.backend,
      [`connection.${channel.connection}`]: channel.connection === 'socket' ? { path: channel.path } : {},
    }),
  )

/** libxl_device_p9; libxl numbers them itself, as it does for xl. */
export const p9Configs = (shares: readonly P9Spec[]): readonly JsonObject[] =>
  shares.map(({ tag, path, securityModel, backend }) =>
    withoutUndefined({ tag, path, security_model: securityModel, backend_domname: backend }),
  )

/** libxl_device_vtpm. */
export const vtpmConfigs = (vtpms: readonly VtpmSpec[]): readonly JsonObject[] =>
  vtpms.map(({ backend, uuid }, devid) => withoutUndefined({ devid, backend_domname: backend, uuid }))

/** libxl_device_usbctrl. */
export const usbControllerConfigs = (controllers: readonly UsbControllerSpec[]): readonly JsonObject[] =>
  controllers.map(({ type, version, ports }, devid) => withoutUndefined({ devid, type, version, ports }))

/** libxl_device_usbdev. */
export const usbDeviceConfigs = (devices: readonly UsbDeviceSpec[]): readonly JsonObject[] =>
  devices.map(({ hostBus, hostAddress, controller, port }) =>
    withoutUndefined({ ctrl: controller, port, 'type.hostdev': { hostbus: hostBus, hostaddr: hostAddress } }),
  )
