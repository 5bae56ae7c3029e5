/**
 * The daemon's own configuration, /etc/tetrarch/tetrarchd.toml: every path, limit and timeout that the daemon has,
 * with its default and one sentence. Nothing else in the source holds a number that an administrator may want to change.
 * In the file, keys and tables are written in snake_case.
 */
import { z } from 'zod'

const SECOND = 1000
const MINUTE = 60 * SECOND
const MEBIBYTE = 1024 * 1024

const path = (value: string, what: string) =>
  z.string().regex(/^\//, 'expected an absolute path').max(1024).default(value).describe(what)
const milliseconds = (value: number, what: string) =>
  z
    .int()
    .min(1)
    .max(24 * 60 * MINUTE)
    .default(value)
    .describe(`${what} In milliseconds.`)
const bytes = (value: number, what: string) =>
  z.int().min(1).max(Number.MAX_SAFE_INTEGER).default(value).describe(`${what} In bytes.`)
const count = (value: number, what: string, min = 1) => z.int().min(min).max(1_000_000).default(value).describe(what)
const table = <T extends z.ZodRawShape>(shape: T, what: string) =>
  z
    .strictObject(shape)
    .readonly()
    .prefault({} as never)
    .describe(what)

const paths = table(
  {
    guests: path('/etc/tetrarch/guests', 'Folder of guest definitions, NAME.cfg.'),
    state: path('/var/lib/tetrarch', 'What must survive a reboot of the host.'),
    cache: path('/var/cache/tetrarch', 'What can be made again: extracted kernels.'),
    run: path('/run/tetrarch', 'Sockets and what must not survive a reboot.'),
    consoleLogs: path('/var/log/tetrarch/consoles', "Folder of the guests' console logs."),
    xenstore: path('/run/xenstored/socket', "xenstored's socket."),
  },
  'Where things live.',
)

const socket = table(
  {
    group: z.string().max(64).default('tetrarch').describe('Group that may use the full socket; root always may.'),
    readOnlyGroup: z.string().max(64).default('tetrarch-ro').describe('Group that may use the read-only socket.'),
    mode: z
      .string()
      .regex(/^0[0-7]{3}$/, 'expected an octal mode such as 0660')
      .default('0660')
      .describe('Permissions of the sockets, in octal.'),
  },
  'Who may talk to the daemon. Under systemd the socket units decide instead.',
)

const libxl = table(
  {
    warmWorkers: count(1, 'libxl workers kept running while idle.'),
    maxWorkers: count(4, 'libxl workers at the same time, which is how many long operations run side by side.'),
    idleMs: milliseconds(60 * SECOND, 'An idle worker beyond the warm ones ends after this time.'),
    startMs: milliseconds(30 * SECOND, 'A worker that is not ready after this time is killed.'),
    createDeadlineMs: milliseconds(5 * MINUTE, 'A create that takes longer is stopped and cleaned up.'),
    destroyDeadlineMs: milliseconds(3 * MINUTE, 'A destroy that takes longer is reported as failed.'),
    otherDeadlineMs: milliseconds(90 * SECOND, 'Any other libxl operation that takes longer is stopped.'),
    graceMs: milliseconds(1 * MINUTE, 'Time for a stopped operation to undo itself before its worker is killed.'),
    domidGoneMs: milliseconds(30 * SECOND, 'How long a destroyed domain may take to leave the list of domains.'),
    logLines: count(200, "Lines of libxl's log kept for an operation's error."),
  },
  'The processes that call libxenlight.',
)

const bootLoader = table(
  {
    cpuSeconds: count(
      60,
      'CPU time that one extraction may use; unpacking a large kernel takes most of it. In seconds.',
    ),
    wallMs: milliseconds(2 * MINUTE, 'Time that one extraction may take.'),
    memoryMiB: count(512, 'Memory of one extraction, beyond that of an idle Node. In MiB.', 64),
    outputMiB: count(512, 'Kernel and ramdisk together, unpacked. In MiB.'),
    uidBase: z
      .int()
      .min(1)
      .max(0xfffffff0 - 65536)
      .default(131_072)
      .describe('First of 65536 user ids without rights that extractions run under; the domid or a counter is added.'),
    cacheMiB: count(1024, 'Extracted kernels kept for the next start. In MiB.', 0),
  },
  "The sandbox that reads a guest's disk to find its kernel.",
)

const xenstore = table(
  {
    connectMs: milliseconds(5 * SECOND, 'Time for a connection to xenstored.'),
    requestMs: milliseconds(10 * SECOND, 'Time for the answer to one request.'),
    reconnectMs: milliseconds(1 * SECOND, 'Pause before the next attempt to connect.'),
    transactionRetries: count(100, 'How often a transaction that met another one is tried again.'),
  },
  'The connection to xenstored.',
)

const http = table(
  {
    maxBodyBytes: bytes(256 * 1024, 'Largest body of a request.'),
    maxConnections: count(256, 'Connections at the same time.'),
    headersMs: milliseconds(10 * SECOND, 'Time for the headers of a request to arrive.'),
    requestMs: milliseconds(30 * SECOND, 'Time for a whole request to arrive.'),
    stallMs: milliseconds(30 * SECOND, 'A client that takes nothing of its answer for so long is cut off.'),
    keepAliveMs: milliseconds(60 * SECOND, 'An idle connection is closed after this time.'),
    waitMs: milliseconds(10 * MINUTE, 'The longest a request may wait for its task.'),
    drainMs: milliseconds(10 * SECOND, 'Time for running requests to end when the daemon stops.'),
  },
  'The API on the sockets.',
)

const tasks = table(
  {
    history: count(200, 'Ended tasks that are kept.'),
    logLines: count(500, 'Lines of log kept for each task.'),
    stepMs: milliseconds(10 * MINUTE, 'A step of a task without a deadline of its own is stopped after this time.'),
  },
  'Long operations.',
)

const events = table(
  {
    history: count(10_000, 'Events kept for clients that resume.'),
    clientBacklog: count(1000, 'Events a slow client may fall behind before it is cut off.'),
    heartbeatMs: milliseconds(30 * SECOND, 'A quiet stream gets an empty line this often.'),
  },
  'The stream of events.',
)

const consoles = table(
  {
    logBytes: bytes(4 * MEBIBYTE, 'Size at which a console log is rotated; one old one is kept.'),
    historyBytes: bytes(64 * 1024, 'Output kept in memory and shown to those who attach.'),
    terminalMs: milliseconds(5 * SECOND, "Time for a new guest's terminal to appear in dom0."),
    clientBytes: bytes(MEBIBYTE, 'Output that may wait for one slow client before it is cut off.'),
  },
  "The guests' consoles.",
)

const guests = table(
  {
    shutdownMs: milliseconds(2 * MINUTE, 'Time for a clean shutdown, where a guest does not say its own.'),
    crashLoopRestarts: count(5, 'Restarts within the crash-loop window after which a guest is left halted.'),
    crashLoopWindowMs: milliseconds(10 * MINUTE, 'Length of the crash-loop window.'),
    restartPauseMs: milliseconds(
      1 * SECOND,
      'Pause before the first automatic restart; it doubles with each further one.',
    ),
    dom0ReserveMiB: count(0, 'Free memory of the host that starts leave alone. In MiB.', 0),
    deviceModelPolicy: z
      .enum(['allow', 'warn', 'refuse'])
      .default('warn')
      .describe('What happens when a device of a PV or PVH guest needs a QEMU process.'),
  },
  'Rules for all guests.',
)

const deviceModel = table(
  {
    connectMs: milliseconds(5 * SECOND, "Time for a connection to QEMU's control socket."),
    commandMs: milliseconds(10 * SECOND, 'Time for the answer to one QMP command.'),
    logBytes: bytes(16 * 1024, "The end of QEMU's log that an error shows."),
  },
  'QEMU processes.',
)

const log = table(
  {
    level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info').describe('Least level logged.'),
  },
  "The daemon's own log.",
)

export const DaemonConfig = z
  .strictObject({
    paths,
    socket,
    libxl,
    bootLoader,
    xenstore,
    http,
    tasks,
    events,
    console: consoles,
    guests,
    deviceModel,
    log,
  })
  .readonly()
export type DaemonConfig = z.infer<typeof DaemonConfig>
