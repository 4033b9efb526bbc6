"""`dev.py export` and `dev.py import`: carry an instance's data to a PostgreSQL of one's own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from devtools.bootstrap import SetupError, say
from devtools.postgres import client_program
from devtools.tools import read_env

#: Clients that know the old history take a snapshot: a copy may have been written to since.
NEW_EPOCH = "UPDATE trips_epoch SET value = gen_random_uuid()"
#: Privileges are of this house's roles and not in an export; an older one has no audit yet.
PROTECT_AUDIT = """DO $$ BEGIN
    IF to_regproc('users_audit_protect') IS NOT NULL THEN PERFORM users_audit_protect(); END IF;
END $$"""
TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"


def export(data: Path, file: Path) -> int:
    """Write the instance's database into `file` (mode 600), consistent while it runs."""
    url = read_env(data)["DATABASE_URL"]
    reachable(url)
    draft = file.with_name(f"{file.name}.part")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    options = ["--format=custom", "--no-owner", "--no-privileges", f"--file={draft}"]
    try:
        run("pg_dump", url, options)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    say(f"exported to {file} ({file.stat().st_size / 1e6:.1f} MB); it holds patients' data")
    return 0


def load(file: Path, url: str) -> int:
    """Fill the empty database at `url` with an export, all or nothing."""
    if not file.is_file():
        raise SetupError(f"there is no file {file}")
    with reachable(url) as database:
        if (database.execute(TABLES).fetchone() or (0,))[0]:
            raise SetupError("that database has tables already: import into an empty one")
    run("pg_restore", url, ["--single-transaction", "--no-owner", "--no-privileges", str(file)])
    with reachable(url) as database:
        database.execute(NEW_EPOCH)
        database.execute(PROTECT_AUDIT)
    say(
        "imported. Set DATABASE_URL to it, with a REDIS_URL and SECRET_KEY of its own, and run\n"
        "`manage.py migrate`. What the old broker still held is queued again from the database."
    )
    return 0


def reachable(url: str) -> psycopg.Connection:
    """A connection, or SetupError with the reason."""
    try:
        return psycopg.connect(url, connect_timeout=5)
    except psycopg.Error as error:
        raise SetupError(f"cannot connect to the database: {error}") from None


def run(name: str, url: str, options: list[str]) -> None:
    """Run a client program on the database at `url`. Raises SetupError with what it said."""
    words = conninfo_to_dict(url)
    # Not on a command line, which every user of the machine can read.
    env = {**os.environ, "PGPASSWORD": str(words.pop("password", None) or "")}
    argv = [str(client_program(name)), "--dbname", make_conninfo("", **words), *options]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupError(f"{name} failed:\n{done.stderr.strip()}")
