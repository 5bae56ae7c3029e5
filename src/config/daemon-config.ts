/**
 * The daemon's own configuration, /etc/tetrarch/tetrarchd.toml: every path, limit and timeout that the daemon has,
 * with its default and one sentence. Nothing else in the source holds a number that an administrator may want to change.
 * In the file, keys and tables are written in snake_case.
 */
import { z } from 'zod'
import { consoles, conversion, deviceModel, dumps, guests, order, prepared, saved } from './guest-tables.ts'
import { MINUTE, SECOND, bytes, count, milliseconds, path, table } from './setting.ts'

const paths = table(
  {
    guests: path('/etc/tetrarch/guests', 'Folder of guest definitions, NAME.cfg.'),
    state: path('/var/lib/tetrarch', 'What must survive a reboot of the host.'),
    cache: path('/var/cache/tetrarch', 'What can be made again: extracted kernels.'),
    run: path('/run/tetrarch', 'Sockets and what must not survive a reboot.'),
    hooks: path('/etc/tetrarch/hooks.d', 'Programs that are run with each event as JSON.'),
    consoleLogs: path('/var/log/tetrarch/consoles', "Folder of the guests' console logs."),
    dumps: path('/var/lib/tetrarch/dumps', 'Folder of core dumps of guests.'),
    saved: path('/var/lib/tetrarch/saved', 'Folder of the memory of saved guests.'),
    xenConsoleLogs: path(
      '/var/log/xen/console',
      "Where xenconsoled logs the consoles of other toolstacks' guests, if it does.",
    ),
    xenstore: path('/run/xenstored/socket', "xenstored's socket."),
    xlConf: path('/etc/xen/xl.conf', "xl's configuration: vif.default.* there counts for nics that do not say it."),
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
    warmWorkers: count(0, 'libxl workers kept running however long they are idle.', 0),
    maxWorkers: count(4, 'libxl workers at the same time, which is how many long operations run side by side.'),
    idleMs: milliseconds(5 * MINUTE, 'How long a worker stays ready after its last operation.'),
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

const devices = table(
  {
    connectedBy: z
      .enum(['tetrarchd', 'xen-scripts'])
      .default('tetrarchd')
      .describe(
        "Who connects the disks and network interfaces of guests: tetrarchd itself, in a fraction of the time, or Xen's scripts in /etc/xen/scripts. Scripts that a guest names always run.",
      ),
    lockMs: milliseconds(40 * SECOND, "How long a block script of Xen's may hold the lock that both take."),
    openMs: milliseconds(20 * SECOND, 'Time for blkback to open a disk.'),
    openVswitchMs: milliseconds(10 * SECOND, 'Time for one ovs-vsctl.'),
  },
  'How disks and network interfaces are connected.',
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
    looksAtOnce: count(
      2,
      'Disks that are read at once for clients who only look, such as `tetrarch boot-entries`; the others wait. Starts do not.',
    ),
    parentFolders: z
      .array(z.string().regex(/^\//, 'expected an absolute path').max(1024))
      .max(64)
      .default([])
      .describe(
        'Folders whose files may be backing files or parents of disks, besides the folder of each disk itself.',
      ),
    maxParents: z.int().min(0).max(256).default(32).describe('Backing files or parents below one disk.'),
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
    requestMs: milliseconds(30 * SECOND, 'Time for the rest of a request to arrive.'),
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
    coalesceBehind: count(
      100,
      'A reader that is so many events behind gets only the newest of those that replace one another, such as the stages of a task.',
    ),
    hookMs: milliseconds(10 * SECOND, 'Time for one program of the hooks folder with one event.'),
    hookOutputBytes: bytes(4096, 'Output of such a program that is logged when it fails.'),
    heartbeatMs: milliseconds(30 * SECOND, 'A quiet stream gets an empty line this often.'),
  },
  'The stream of events.',
)

const queries = z
  .record(z.string().regex(/^[\w-]{1,64}$/, 'expected letters, digits, _ and -'), z.string().min(1).max(1000))
  .readonly()
  .default({})
  .describe('Queries by name: windows = "tags:windows", for tetrarch list @windows.')

/** Tables whose keys an administrator chooses. */
export const freeTables: ReadonlySet<string> = new Set(['queries'])

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
    devices,
    bootLoader,
    xenstore,
    http,
    tasks,
    events,
    console: consoles,
    guests,
    prepared,
    saved,
    conversion,
    order,
    dumps,
    deviceModel,
    queries,
    log,
  })
  .readonly()
export type DaemonConfig = z.infer<typeof DaemonConfig>
