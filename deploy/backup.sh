#!/bin/sh
# A consistent copy of the database while it is in use: one file, only its owner can read it.
#
#   DATABASE_URL=postgresql://… deploy/backup.sh /backups
#
# ATW_BACKUP_KEEP_DAYS   older copies in the folder are deleted (14)
# ATW_BACKUP_RECIPIENT   encrypt for this GnuPG key, whose private half should be elsewhere
set -eu

folder=${1:?"usage: deploy/backup.sh FOLDER"}
: "${DATABASE_URL:?is not set}"
keep_days=${ATW_BACKUP_KEEP_DAYS:-14}
umask 077
mkdir -p "$folder"

name="atw-$(date -u +%Y%m%dT%H%M%SZ).dump"
draft="$folder/.$name.part"
trap 'rm -f "$draft" "$draft.gpg"' EXIT

# The address is an argument, which this machine's users can see while it runs: use PGPASSFILE
# where that matters.
pg_dump --format=custom --no-owner --no-privileges --file="$draft" "$DATABASE_URL"
# A copy that cannot be listed is none.
pg_restore --list "$draft" >/dev/null

if [ -n "${ATW_BACKUP_RECIPIENT:-}" ]; then
  gpg --batch --quiet --trust-model always --recipient "$ATW_BACKUP_RECIPIENT" \
    --output "$draft.gpg" --encrypt "$draft"
  mv "$draft.gpg" "$folder/$name.gpg"
  name="$name.gpg"
else
  mv "$draft" "$folder/$name"
fi
(cd "$folder" && sha256sum "$name" >"$name.sha256")

find "$folder" -maxdepth 1 -name 'atw-*.dump*' -mtime "+$keep_days" -delete
echo "$folder/$name ($(wc -c <"$folder/$name") bytes)"
