import { type Translation, same } from './translation.ts'

/** xl works beside tetrarch, on our guests too, where it changes a running domain without making or ending it. */
const stillXl = (theirs: string, note: string): Translation => ({ theirs, ours: theirs, note })

/** xl(1), in the order of its own help. */
export const fromXl: readonly Translation[] = [
  same('xl create /etc/xen/web.cfg', 'tetrarch create /etc/xen/web.cfg', 'The same file.'),
  same('xl create -p /etc/xen/web.cfg', 'tetrarch create --paused /etc/xen/web.cfg'),
  same('xl create -c /etc/xen/web.cfg', 'tetrarch create --console /etc/xen/web.cfg', 'Ctrl-] leaves the console.'),
  same(
    "xl create /etc/xen/web.cfg 'memory=256'",
    "tetrarch create /etc/xen/web.cfg 'memory=256'",
    'Settings count for this start and its reboots.',
  ),
  same('xl -N create /etc/xen/web.cfg', 'tetrarch dump /etc/xen/web.cfg --libxl-json', 'Starts nothing.'),
  same(
    'xl config-update web /etc/xen/web.cfg',
    'tetrarch define --replace /etc/xen/web.cfg',
    'Counts from the next start on.',
  ),
  same('xl list', 'tetrarch list', 'Shows the mode and the QEMU of each, and halted guests that are defined.'),
  same('xl list -l web', 'tetrarch info web --json', 'The definition is `tetrarch dump web`.'),
  same('xl vm-list', 'tetrarch list --json', 'Has the uuids.'),
  same('xl destroy web', 'tetrarch destroy web', 'Asks on a terminal, unless given --yes.'),
  same(
    'xl shutdown web',
    'tetrarch shutdown web',
    'Presses the ACPI button where the guest has no PV driver; no -F is needed.',
  ),
  same('xl shutdown -w web', 'tetrarch shutdown --wait web'),
  same('xl shutdown -a', 'tetrarch shutdown --all', 'Only guests that tetrarch manages.'),
  same('xl reboot web', 'tetrarch reboot web'),
  same('xl pause web', 'tetrarch pause web'),
  same('xl unpause web', 'tetrarch unpause web'),
  same('xl console web', 'tetrarch console web', 'Shows what was printed before; several may look at once.'),
  same('xl vncviewer web', 'tetrarch vnc web', 'Says the address; the viewer is yours.'),
  same('xl domid web', 'tetrarch info web', 'Every command takes name, uuid and domid.'),
  same('xl domname 3', 'tetrarch list', ''),
  same('xl info', 'tetrarch host', 'Says also which modes guests can have here.'),
  same('xl vcpu-list web', 'tetrarch vcpu-list web'),
  same('xl top', 'tetrarch top', 'Shows modes and what each QEMU costs; xentop works as before.'),
  same('xl uptime web', 'tetrarch info web', 'In the line of its state.'),
  same('xl dmesg', 'xl dmesg', "The hypervisor's own log."),
  stillXl('xl mem-set web 256', 'A restart starts with what the definition says.'),
  stillXl('xl mem-max web 512', 'A restart starts with what the definition says.'),
  stillXl('xl vcpu-set web 2', 'A restart starts with what the definition says.'),
  stillXl('xl vcpu-pin web 0 1', 'A restart starts with `cpus` of the definition.'),
  stillXl('xl sched-credit2 -d web -w 512', 'A restart starts with `cpu_weight` of the definition.'),
  stillXl('xl block-attach web phy:/dev/vg/data xvdb w', 'A reboot keeps what was attached.'),
  stillXl('xl block-detach web xvdb', 'A reboot keeps it detached.'),
  stillXl('xl network-attach web bridge=xenbr0', 'A reboot keeps what was attached.'),
  stillXl('xl network-detach web 1', 'A reboot keeps it detached.'),
  stillXl('xl pci-list web', ''),
  stillXl('xl trigger web nmi', ''),
  stillXl('xl sysrq web s', ''),
  same(
    'xl save web /srv/web.state',
    'tetrarch save web',
    'The file is kept in `paths.saved`, and the guest is listed as saved.',
  ),
  same('xl restore /srv/web.state', 'tetrarch create web', 'Refused when a disk of it was changed meanwhile.'),
  { theirs: 'xl migrate web host', ours: null, note: 'Not yet.' },
  {
    theirs: 'xl rename web www',
    ours: null,
    note: 'A guest is found by its name: undefine it, and define it with another one.',
  },
]
