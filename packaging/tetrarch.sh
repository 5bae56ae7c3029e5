#!/bin/sh
# The runtime is our own: settings meant for another Node.js do not reach it. The compile cache is root's alone.
unset NODE_OPTIONS NODE_EXTRA_CA_CERTS NODE_PATH
export NODE_COMPILE_CACHE=/var/cache/tetrarch/compiled
# One thread beside the main one is started instead of four.
exec /usr/lib/tetrarch/node --v8-pool-size=1 /usr/lib/tetrarch/tetrarch.cjs "$@"
