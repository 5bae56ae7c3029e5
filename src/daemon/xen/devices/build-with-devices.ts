import type { DaemonConfig } from '../../../config/daemon-config.ts'
import { uuid } from '../../../words/ids.ts'
import type { Host } from '../../host.ts'
import type { DeviceConnector } from './device-connector.ts'
import { networkRules, withOurScript, withoutOurScript } from './our-script.ts'

export interface DeviceTools {
  readonly connector: DeviceConnector
  /** What libxl runs for the devices that the connector connects. */
  readonly program: string
  readonly connectedBy: DaemonConfig['devices']['connectedBy']
}

/** Begins to connect devices, or leaves those to Xen's scripts that an earlier daemon would have connected. */
export const startDevices = ({ connector, connectedBy }: DeviceTools): Promise<void> =>
  connectedBy === 'tetrarchd' ? connector.start() : connector.close()

/** A build whose devices are connected here, where they can be. Why a device was refused is told rather than what libxl makes of it. */
export const buildWithDevices =
  ({ connector, program, connectedBy }: DeviceTools, build: Host['build']): Host['build'] =>
  async (given, operation) => {
    const config = withoutOurScript(given, program)
    if (connectedBy === 'xen-scripts') return await build(config, operation)
    const { uuid: id } = config['c_info'] as { readonly uuid: string }
    using expected = connector.expect(uuid(id))
    try {
      return await build(withOurScript(config, program, networkRules()), operation)
    } catch (thrown) {
      throw expected.failure ?? thrown
    }
  }

/** The same for a domain that gets its devices after it was built. */
export const equipWithDevices =
  ({ connector, program, connectedBy }: DeviceTools, equip: Host['equip']): Host['equip'] =>
  async (domid, as, operation) => {
    if (connectedBy === 'xen-scripts') {
      await equip(domid, as, operation)
      return
    }
    using expected = connector.expect(as.uuid)
    try {
      await equip(domid, { ...as, config: withOurScript(as.config, program, networkRules()) }, operation)
    } catch (thrown) {
      throw expected.failure ?? thrown
    }
  }
