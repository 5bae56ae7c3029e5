#!/bin/sh
# For plain xl: bootloader="/usr/lib/tetrarch/pygrub"
unset NODE_OPTIONS NODE_EXTRA_CA_CERTS NODE_PATH
export NODE_COMPILE_CACHE=/var/cache/tetrarch/compiled
exec /usr/lib/tetrarch/node /usr/lib/tetrarch/pygrub.mjs "$@"
