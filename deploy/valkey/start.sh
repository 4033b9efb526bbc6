#!/bin/sh
# Starts Valkey with one user, `atw`, whose password is $REDIS_PASSWORD. Further arguments go to
# the server. The password itself reaches neither a file nor a command line.
set -eu
umask 077
here=$(dirname "$0")
users=${TMPDIR:-/tmp}/users.acl
hash=$(printf %s "${REDIS_PASSWORD:?is not set}" | sha256sum | cut -d ' ' -f 1)
sed "s/PASSWORD_SHA256/$hash/" "$here/users.acl" > "$users"
exec valkey-server "$here/valkey.conf" --aclfile "$users" "$@"
