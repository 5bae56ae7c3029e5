/** libxl's calls on devices of a running domain. A device is libxl's JSON of its struct; libxl finds the backend from it. */
import type { Pointer } from './ffi.ts'
import type { Libxl } from './libxl.ts'
import type { Handlers } from './operations.ts'
import type { JsonObject } from './requests.ts'

type DeviceOps = 'disk-add' | 'disk-remove' | 'nic-add' | 'nic-remove'

export function bindDeviceCalls(libxl: Libxl): Pick<Handlers, DeviceOps> {
  const disk = bindDevice(libxl, 'device_disk')
  const nic = bindDevice(libxl, 'device_nic')
  return {
    'disk-add': (request) => disk.add(request.domid, request.disk),
    'disk-remove': (request) => disk[request.how](request.domid, request.disk),
    'nic-add': (request) => nic.add(request.domid, request.nic),
    'nic-remove': (request) => nic[request.how](request.domid, request.nic),
  }
}

function bindDevice(libxl: Libxl, type: 'device_disk' | 'device_nic') {
  const bind = (verb: 'add' | 'remove' | 'destroy') => {
    const name = `libxl_${type}_${verb}`
    const call = libxl.library.bind<[Pointer, domid: number, device: Pointer, how: null], number>(
      `int ${name}(void *, uint32_t, void *, void *)`,
    )
    return async (domid: number, device: JsonObject): Promise<Readonly<Record<string, never>>> => {
      using struct = libxl.type(type).fromJson(libxl.jsonCtx, device)
      libxl.check(name, await call.inThread(libxl.ctx, domid, struct.at, null))
      return {}
    }
  }
  return { add: bind('add'), ask: bind('remove'), force: bind('destroy') }
}
