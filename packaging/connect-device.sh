#!/bin/sh
# libxl runs this for each disk and network interface that tetrarchd connects by itself, and waits for its exit. It passes
# on the daemon's verdict, which is there before this begins, as a rule. Where no daemon runs, Xen's own script does the
# work; what that connected has no verdict, and the same script undoes it.
# ACTION, and XENBUS_PATH=backend/KIND/DOMID/DEVID in the environment (libxl_linux.c, get_hotplug_env).
verdicts=${TETRARCH_DEVICES:-/run/tetrarch/devices}
scripts=${TETRARCH_XEN_SCRIPTS:-/etc/xen/scripts}

name_verdict() {
  IFS=/
  set -- $XENBUS_PATH
  unset IFS
  verdict=$verdicts/$2-$3-$4
  case $2 in vif) script=vif-bridge ;; *) script=block ;; esac
}

daemon_lives() {
  { read -r pid <"$verdicts/pid"; } 2>/dev/null && [ -d "/proc/$pid" ]
}

name_verdict
case ${2:-} in
type_if=tap) begins=add ends=remove ;;
type_if=*) begins=online ends=offline ;;
*) begins=add ends=remove ;;
esac

case $1 in
"$begins")
  while [ ! -e "$verdict" ] && daemon_lives; do sleep 0.02; done
  ;;
"$ends") ;;
esac
[ -e "$verdict" ] || exec "$scripts/$script" "$@"
[ "$1" = "$ends" ] && exit 0
read -r words <"$verdict"
[ "$words" = connected ] && exit 0
echo "$words" >&2
exit 1
