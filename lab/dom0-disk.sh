#!/bin/bash
# Makes dom0's disk: dom0-disk.sh ROOTFS.tar.zst DIRECTORY SIZE XEN_VERSION. Runs as root, or in a user namespace.
# Leaves in DIRECTORY: disk.img (ext4, no partitions), xen, vmlinuz, initrd.img.
set -euo pipefail
rootfs=$1 out=$2 size=$3 xen=$4
here=$(dirname "$(readlink -f "$0")")
root=$out/root

mkdir "$root"
tar -x --zstd -f "$rootfs" -C "$root" --numeric-owner
cp -r --no-preserve=ownership "$here/dom0-root/." "$root/"
install -d -m 700 "$root/root/.ssh"
install -m 600 "$out/ssh-key.pub" "$root/root/.ssh/authorized_keys"
install -d "$root/var/log/journal" "$root/var/lib/tetrarch-lab/guests"
# One identity for all labs of this cache, so that the journal stays one.
printf '%s\n' 7e7a9c4f1ab000000000000000000001 >"$root/etc/machine-id"

gunzip -c "$root"/boot/xen-"$xen"-*.gz >"$out/xen"
cp "$root"/boot/vmlinuz-* "$out/vmlinuz"
cp "$root"/boot/initrd.img-* "$out/initrd.img"

"$here/guests/build" "$root" "$root/var/lib/tetrarch-lab/guests" "$out/work"

truncate -s "$size" "$out/disk.img"
mke2fs -q -F -t ext4 -L dom0 -m 0 -E lazy_itable_init=1,lazy_journal_init=1 -d "$root" "$out/disk.img"
rm -rf "$root" "$out/work"
