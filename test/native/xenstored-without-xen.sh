#!/bin/sh
# Runs one of Debian's xenstoreds on a machine without Xen: sh xenstored-without-xen.sh xenstored|oxenstored DIR,
# inside mount and pid namespaces of its own; its socket is DIR/run/xenstored/socket. Neither needs Xen as long as no
# domain is introduced, but both open Xen's devices when they start.
set -e
kind=$1 dir=$2
mkdir -p "$dir/dev/xen" "$dir/run/xenstored" "$dir/proc/xen"
for device in null zero; do touch "$dir/dev/$device"; mount --bind "/dev/$device" "$dir/dev/$device"; done
for device in privcmd hypercall gntdev; do ln -s /dev/null "$dir/dev/xen/$device"; done

case $kind in
oxenstored)
  # It raises its limit of open files to the system's, which a container may forbid: tell it that the system has less.
  # The event channel is handed over as in a live update, whose dump names descriptors.
  ulimit -Hn > "$dir/nr_open"
  printf '$xenstored-dump-format\nglobal,3\nevtchn-dev,4,1\n' > "$dir/run/xenstored/db"
  printf 'pid-file = /run/pid\nxenstored-log-file = %s/log\n' "$dir" > "$dir/conf"
  mount --bind "$dir/nr_open" /proc/sys/fs/nr_open
  mount --rbind "$dir/dev" /dev
  mount --bind "$dir/run" /run
  exec python3 -c '
import os, socket, sys
listening = socket.socket(socket.AF_UNIX)
listening.bind("/run/xenstored/socket")
listening.listen(1)
os.dup2(listening.fileno(), 13)
os.dup2(os.open("/dev/null", os.O_RDWR), 4)
os.dup2(13, 3)
os.execv(sys.argv[1], sys.argv[1:])
' /usr/lib/xen-4.17/bin/oxenstored --no-fork --no-domain-init --restart --disable-socket --no-access-log \
    --config-file "$dir/conf"
  ;;
xenstored)
  # It wants its event channels bound and dom0 introduced: strace answers these ioctls (all but the first two, which
  # only probe), a fifo stands for the event channel, and a page of zeros for the ring of dom0.
  mkfifo "$dir/dev/xen/evtchn"
  echo 1 > "$dir/proc/xen/xsd_port"
  ln -s /dev/zero "$dir/proc/xen/xsd_kva"
  mount --rbind "$dir/dev" /dev
  mount --bind "$dir/proc" /proc
  exec env XENSTORED_RUNDIR="$dir/run" XENSTORED_ROOTDIR="$dir" XENSTORED_PATH="$dir/run/xenstored/socket" \
    strace -f --seccomp-bpf -e trace=ioctl -e inject=ioctl:retval=1:when=3+ -o /dev/null \
    /usr/lib/xen-4.17/bin/xenstored --no-fork
  ;;
esac
