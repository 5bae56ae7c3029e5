/** USB controllers, `type=auto,version=2,ports=4`, and host USB devices, `hostbus=1,hostaddr=3` (xl.cfg(5)). */
import { entryOf } from '../../words/entry-of.ts'
import type { UsbControllerSpec, UsbDeviceSpec } from '../device-spec.ts'
import type { Spec } from '../keys/codecs.ts'
import { leadingLong, longOf } from '../numbers.ts'
import { joined, pair, pairOf, partsOf } from './parts.ts'

const controllerTypes = ['auto', 'pv', 'qusb', 'devicemodel'] as const

type Reader = (value: string) => object | undefined
const number =
  (key: string): Reader =>
  (value) => ({ [key]: leadingLong(value).value })

const controllerReaders: Readonly<Record<string, Reader>> = {
  type: (value) => {
    const type = controllerTypes.find((name) => name === value.toLowerCase())
    return type && { type }
  },
  version: number('version'),
  ports: number('ports'),
}

const deviceReaders: Readonly<Record<string, Reader>> = {
  type: (value) => (value.toLowerCase() === 'hostdev' ? {} : undefined),
  hostbus: (value) => ({ hostBus: longOf(value) ?? leadingLong(value).value }),
  hostaddr: (value) => ({ hostAddress: longOf(value) ?? leadingLong(value).value }),
  controller: number('controller'),
  port: number('port'),
}

function readAll(spec: string, readers: Readonly<Record<string, Reader>>): object | { readonly problem: string } {
  const draft = {}
  for (const part of partsOf(spec)) {
    const [key = part, value = ''] = pairOf(part) ?? []
    const read = entryOf(readers, key)
    if (read === undefined) return { problem: `unknown parameter ${JSON.stringify(key)}` }
    const found = read(value)
    if (found === undefined) return { problem: `unknown ${key} ${JSON.stringify(value)}` }
    Object.assign(draft, found)
  }
  return draft
}

export function parseUsbController(spec: string): Spec<UsbControllerSpec> {
  const value = readAll(spec, controllerReaders)
  return 'problem' in value ? value : { value }
}

export function writeUsbController({ type, version, ports }: UsbControllerSpec): string {
  return joined([pair('type', type), pair('version', version), pair('ports', ports)])
}

export function parseUsbDevice(spec: string): Spec<UsbDeviceSpec> {
  const value = readAll(spec, deviceReaders)
  if ('problem' in value) return value
  if (!('hostBus' in value && 'hostAddress' in value)) return { problem: 'a USB device needs hostbus and hostaddr' }
  return { value: value as UsbDeviceSpec }
}

export function writeUsbDevice({ hostBus, hostAddress, controller, port }: UsbDeviceSpec): string {
  return joined([
    'type=hostdev',
    pair('hostbus', hostBus),
    pair('hostaddr', hostAddress),
    pair('controller', controller),
    pair('port', port),
  ])
}
