/** The tables of the daemon's configuration that are about guests: their rules, their output, and what is kept of them. */
import { z } from 'zod'
import { deviceModelFailures } from './guest-spec.ts'
import { MEBIBYTE, MINUTE, SECOND, bytes, count, milliseconds, table } from './setting.ts'

export const consoles = table(
  {
    logBytes: bytes(4 * MEBIBYTE, 'Size at which a console log is rotated; one old one is kept.'),
    historyBytes: bytes(64 * 1024, 'Output kept in memory and shown to those who attach.'),
    keptLogs: count(
      100,
      'Logs of guests that are gone which are kept; the oldest are removed when the daemon starts.',
      0,
    ),
    terminalMs: milliseconds(5 * SECOND, "Time for a new guest's terminal to appear in dom0."),
    lastWordsMs: milliseconds(3 * SECOND, 'How long the last words of a guest that died are waited for.'),
    clientBytes: bytes(MEBIBYTE, 'Output that may wait for one slow client before it is cut off.'),
  },
  "The guests' consoles.",
)

export const guests = table(
  {
    shutdownMs: milliseconds(2 * MINUTE, 'Time for a clean shutdown, where a guest does not say its own.'),
    noticeMs: milliseconds(
      15 * SECOND,
      'How long a PV driver may take to notice a request to shut down or restart, at most a quarter of the time for it; then the ACPI power button is pressed where there is one.',
    ),
    crashLoopRestarts: count(5, 'Restarts within the crash-loop window after which a guest is left halted.'),
    crashLoopWindowMs: milliseconds(10 * MINUTE, 'Length of the crash-loop window.'),
    restartPauseMs: milliseconds(
      1 * SECOND,
      'Pause before the restart of a guest that crashed; it doubles with each further crash within the window.',
    ),
    restartPauseMaxMs: milliseconds(1 * MINUTE, 'The longest such pause.'),
    keptDomains: count(2, 'Ended domains of one guest that rename-restart keeps; the oldest goes first.'),
    settleMs: milliseconds(200, 'The guests folder is read again when it has been quiet for this time.'),
    dom0ReserveMiB: count(0, 'Free memory of the host that starts leave alone. In MiB.', 0),
    modeSettleMs: milliseconds(
      30 * SECOND,
      'How long a guest must run as something else before it is remembered as that: drivers go and come at each end and start.',
    ),
    queryMs: milliseconds(200, 'A query over guests or events that compares for longer is stopped.'),
    deviceModelPolicy: z
      .enum(['allow', 'warn', 'refuse'])
      .default('warn')
      .describe(
        'What happens when a device of a PV or PVH guest needs a QEMU process, where the guest does not say its own.',
      ),
  },
  'Rules for all guests.',
)

export const prepared = table(
  {
    keepFreeMiB: count(256, 'Free memory of the host that domains which are built ahead leave alone. In MiB.', 0),
  },
  'Domains that are built ahead of their guests: the key prepare of a definition.',
)

export const saved = table(
  {
    keepFreeMiB: count(512, 'Space on that filesystem that saved guests leave alone. In MiB.', 0),
  },
  'Guests whose memory is put into a file: tetrarch save, and the key on_host_shutdown of a definition.',
)

export const conversion = table(
  {
    comeUpMs: milliseconds(
      5 * MINUTE,
      'How long a guest may take to come up in its new mode; then its old definition and state are put back.',
    ),
    settleMs: milliseconds(
      10 * SECOND,
      'How long a guest must run on once its PV devices are connected, where no text on its console is waited for.',
    ),
  },
  'Changes of the mode of a guest, tetrarch convert.',
)

export const order = table(
  {
    parallel: count(2, 'Guests that are built at the same time when the host starts.'),
    readyMs: milliseconds(2 * MINUTE, 'How long a guest may take to become ready, where it does not say its own.'),
    lookMs: milliseconds(500, 'How often it is looked whether a guest is ready.'),
    connectMs: milliseconds(2 * SECOND, "Time for a connection to a guest's TCP port that shows that it is ready."),
  },
  'The start of guests with the host.',
)

export const dumps = table(
  {
    keep: count(10, 'Core dumps kept; the oldest goes first.', 0),
    maxMiB: count(100_000, 'What all core dumps together may take. In MiB.', 0),
    keepFreeMiB: count(1024, 'Space on that filesystem that core dumps leave alone. In MiB.', 0),
  },
  'Core dumps, for the on_* values coredump-destroy and coredump-restart.',
)

export const deviceModel = table(
  {
    connectMs: milliseconds(5 * SECOND, "Time for a connection to QEMU's control socket."),
    commandMs: milliseconds(10 * SECOND, 'Time for the answer to one QMP command.'),
    logBytes: bytes(16 * 1024, "The end of QEMU's log that an error shows, and that stays when the log is cut."),
    logMaxBytes: bytes(4 * MEBIBYTE, "Size at which a QEMU's log is cut down to its end."),
    checkMs: milliseconds(2 * SECOND, 'How often each QEMU is looked at: whether it lives, and whether it answers.'),
    askMs: milliseconds(
      10 * SECOND,
      'How often a QEMU whose process is seen to work is asked what it does; one that seems still is asked at every look.',
    ),
    hungChecks: count(3, 'Looks in a row at which a QEMU must be silent before it is taken to hang.'),
    pausedGraceMs: milliseconds(
      30 * SECOND,
      'How long a paused guest may be without its QEMU before that is told: other toolstacks end it first when they destroy a guest.',
    ),
    onFailure: z
      .enum(deviceModelFailures)
      .default('mark')
      .describe(
        'What happens to a guest whose QEMU died or hangs: mark shows it and tells it as an event, destroy and restart act; where the guest does not say its own.',
      ),
  },
  'QEMU processes.',
)
