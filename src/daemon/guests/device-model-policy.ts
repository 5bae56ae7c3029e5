import type { DaemonConfig } from '../../config/daemon-config.ts'
import type { DeviceModelPolicy, GuestSpec } from '../../config/guest-spec.ts'
import { deviceModelReasons } from '../../modes/device-model.ts'
import type { Mode } from '../../modes/mode.ts'
import { fail } from '../../words/errors.ts'

type Rules = Pick<DaemonConfig, 'guests'>

/** What happens when a device needs a QEMU in a mode that does without: the guest's own word, or the daemon's. */
export const deviceModelPolicyOf = (spec: GuestSpec, { guests }: Rules): DeviceModelPolicy =>
  spec.deviceModelPolicy ?? guests.deviceModelPolicy

/** Throws `mode-refused` for a QEMU that the policy forbids. Whoever only warns reads the reason in the verdict. */
export function mayHaveDeviceModel(spec: GuestSpec, mode: Mode, rules: Rules): void {
  if (mode.deviceModel === 'always' || deviceModelPolicyOf(spec, rules) !== 'refuse') return
  const reasons = deviceModelReasons(spec, mode)
  if (reasons.length === 0) return
  const ownRule = spec.deviceModelPolicy === undefined ? 'the daemon configuration' : 'its definition'
  throw fail('mode-refused', {
    what: `"${spec.name}" would get a QEMU, and ${ownRule} refuses one for ${mode.title} guests`,
    why: reasons.map(({ why }) => why).join('; '),
    fix: [...reasons.flatMap(({ fix }) => fix ?? []), 'set device_model_policy="allow" in its definition'].join(
      '; or ',
    ),
  })
}
