#!/bin/sh
unset NODE_OPTIONS NODE_EXTRA_CA_CERTS NODE_PATH
export NODE_COMPILE_CACHE=/var/cache/tetrarch/compiled
# What the daemon knows of some hundred guests is a few MiB; the limits keep a leak, or a burst of requests, from growing it.
exec /usr/lib/tetrarch/node --max-old-space-size=192 --max-semi-space-size=2 /usr/lib/tetrarch/tetrarchd.mjs "$@"
