#!/bin/sh
# Fill an empty database with a copy that deploy/backup.sh made, all or nothing.
#
#   DATABASE_URL=postgresql://… deploy/restore.sh /backups/atw-20261120T020000Z.dump
#
# Stop web, workers and beat first. Afterwards: manage.py migrate, verify_evidence, verify_audit.
set -eu

file=${1:?"usage: deploy/restore.sh FILE"}
: "${DATABASE_URL:?is not set}"
umask 077

if [ -f "$file.sha256" ]; then
  (cd "$(dirname "$file")" && sha256sum --check --quiet "$(basename "$file").sha256")
else
  echo "there is no $file.sha256: nobody knows whether the copy is whole" >&2
fi

sql() { psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "$DATABASE_URL" --command "$1"; }

tables=$(sql "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
if [ "$tables" != 0 ]; then
  echo "that database has $tables tables already: restore into an empty one" >&2
  exit 1
fi

plain=$file
case $file in
*.gpg)
  plain=$(mktemp)
  trap 'rm -f "$plain"' EXIT
  gpg --batch --quiet --yes --output "$plain" --decrypt "$file"
  ;;
esac
pg_restore --single-transaction --exit-on-error --no-owner --no-privileges --dbname="$DATABASE_URL" "$plain"

# Screens that know what came after the copy take a snapshot; the audit's privileges are not in a
# copy, because another house has other roles.
sql "UPDATE trips_epoch SET value = gen_random_uuid()"
sql "SELECT users_audit_protect()" >/dev/null
echo "restored. Now: manage.py migrate, verify_evidence, verify_audit; then start beat, workers, web"
