/** Keys that say what a guest is and when it runs; most of the latter are ours, and xl ignores them. */
import { configuredModes } from '../../words/mode-names.ts'
import { hostShutdownActions, shutdownActions } from '../guest-spec.ts'
import { anyText, choice, flag, number, text, textOrTexts } from './codecs.ts'
import { emulatedModes, key, shimModes, type KeyRow } from './row.ts'

const action = { ...choice(shutdownActions), form: 'ACTION' }

export const identityKeys: readonly KeyRow[] = [
  key('name', text, 'name', 'Name of the guest, unique on this host.', { libxl: 'c_info.name' }),
  key(
    'uuid',
    text,
    'uuid',
    'Identity of the guest that stays the same over all its starts; left out, a new one each time.',
    {
      libxl: 'c_info.uuid',
    },
  ),
  key('description', anyText, 'description', 'A text for people.', { own: true }),
  key('tags', textOrTexts, 'tags', 'Words to find and group guests by.', { own: true }),
  key('mode', choice(configuredModes), '@mode', 'The virtualization mode; "auto" has it chosen at each start.', {
    own: true,
  }),
  key('type', anyText, '@type', 'The domain type: "pv", "pvh" or "hvm".', { libxl: 'c_info.type' }),
  key('builder', text, '@builder', 'The domain type as files before Xen 4.10 have it: "hvm" or "generic".', {
    libxl: 'c_info.type',
    instead: 'write type',
  }),
  key(
    'xen_platform_pci',
    flag,
    '@xenPlatformPci',
    'The PCI device by which a guest with a device model finds Xen; 0 hides Xen from it, which is the mode hvm.',
    {
      libxl: 'b_info.type.hvm.xen_platform_pci',
      modes: emulatedModes,
    },
  ),
  key('pvshim', flag, '@pvshim', "Runs a PV guest inside Xen's shim in a PVH guest, which is the mode pv-in-pvh.", {
    libxl: 'b_info.type.pvh.pvshim',
    support: 'should',
    modes: shimModes,
  }),
]

export const lifecycleKeys: readonly KeyRow[] = [
  key('autostart', flag, 'autostart', 'Start the guest when the host starts.', { own: true }),
  key('start_after', textOrTexts, 'startAfter', 'Guests that must be ready before this one starts.', { own: true }),
  key('start_delay', number, 'startDelaySeconds', 'Seconds to wait before an automatic start.', { own: true }),
  key(
    'prepare',
    number,
    'prepare',
    'How many domains of it are built ahead and kept paused, for `tetrarch create --from`; its kernel must be a file of the host.',
    { own: true },
  ),
  key(
    'ready',
    text,
    'ready',
    'When the guest counts as ready for those that start after it: "devices" when its PV drivers have connected, "tcp:ADDRESS:PORT" when that answers, "console:TEXT" when it has said that, "xenstore:PATH" when it has written that node of its own tree; left out, as soon as it runs.',
    { own: true },
  ),
  key('ready_timeout', number, 'readyTimeoutSeconds', 'Seconds that it may take to become ready.', { own: true }),
  key('shutdown_timeout', number, 'shutdownTimeoutSeconds', 'Seconds that a clean shutdown may take.', { own: true }),
  key(
    'on_host_shutdown',
    choice(hostShutdownActions),
    'onHostShutdown',
    'What becomes of the guest when the host goes down: "shutdown" asks it to power off and destroys it when its shutdown_timeout is over, "shutdown-or-save" saves it then, "save" saves it at once. A saved guest goes on when the host has started again.',
    { own: true },
  ),
  key('on_poweroff', action, 'onPoweroff', 'What happens when the guest powers itself off.', { libxl: 'on_poweroff' }),
  key('on_reboot', action, 'onReboot', 'What happens when the guest reboots.', { libxl: 'on_reboot' }),
  key('on_watchdog', action, 'onWatchdog', "What happens when Xen's watchdog timer for the guest expires.", {
    libxl: 'on_watchdog',
  }),
  key('on_crash', action, 'onCrash', 'What happens when the guest crashes.', { libxl: 'on_crash' }),
  key('on_soft_reset', action, 'onSoftReset', 'What happens when the guest asks for a soft reset (kexec).', {
    libxl: 'on_soft_reset',
  }),
]
