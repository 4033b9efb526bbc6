"""A copy made while the house is at work, restored elsewhere, is the same house."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from billing.tasks import generate_invoice
from devtools.postgres import client_program
from tests.cast import Cast
from users.audit.entries import Entry, append_change

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def empty(process_env: dict[str, str]) -> Iterator[str]:
    """The address of an empty database."""
    url = process_env["DATABASE_URL"].rpartition("/")[0]
    with psycopg.connect(f"{url}/atw", autocommit=True) as server:
        server.execute("CREATE DATABASE restored")
        yield f"{url}/restored"
        server.execute("DROP DATABASE restored")


@pytest.fixture
def house(cast: Cast) -> Cast:
    """Two billed trips, and somebody who changed something."""
    for _ in range(2):
        generate_invoice(cast.trip_in("completed").pk)
    append_change(Entry("change", cast.dina.pk, "dispatcher", None, "PATCH /x/", "x", [1]))
    return cast


def run(script: str, argument: Path, url: str, **more: str) -> subprocess.CompletedProcess[str]:
    tools = client_program("pg_dump").parent
    env = {**os.environ, "DATABASE_URL": url, "PATH": f"{tools}:{os.environ['PATH']}", **more}
    return subprocess.run(
        ["sh", str(ROOT / "deploy" / script), str(argument)],
        env=env, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def counts(url: str) -> dict[str, int]:
    """{table: rows}."""
    with psycopg.connect(url) as database:
        names = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        count = sql.SQL("SELECT count(*) FROM {}")
        return {
            name: int((database.execute(count.format(sql.Identifier(name))).fetchone() or (0,))[0])
            for (name,) in names.fetchall()
        }


def copied(url: str, folder: Path) -> tuple[Path, dict[str, int]]:
    """A copy that was made while no worker wrote anything, and what is in it."""
    while True:
        before = counts(url)
        made = run("backup.sh", folder, url)
        assert made.returncode == 0, made.stderr
        file = Path(made.stdout.rpartition(" (")[0])
        if counts(url) == before:
            return file, before
        file.unlink()


def manage(url: str, env: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [".venv/bin/python", "manage.py", *words],
        cwd=ROOT, env={**env, "DATABASE_URL": url}, capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_copy_is_the_same_house(
    house: Cast, empty: str, process_env: dict[str, str], tmp_path: Path
) -> None:
    url = process_env["DATABASE_URL"]
    file, before = copied(url, tmp_path)
    assert file.stat().st_mode & 0o077 == 0
    restored = run("restore.sh", file, empty)
    assert restored.returncode == 0, restored.stderr
    assert counts(empty) == before
    assert before["billing_invoice"] == 2
    assert " 0 faults" in manage(empty, process_env, "verify_evidence")
    assert " 0 faults" in manage(empty, process_env, "verify_audit")
    _numbers_go_on(empty)
    _audit_is_protected(empty)
    again = run("restore.sh", file, empty)
    assert again.returncode == 1
    assert "restore into an empty one" in again.stderr


def _numbers_go_on(url: str) -> None:
    """The next invoice's number follows the last one, and ids do not begin anew."""
    with psycopg.connect(url) as database:
        (last,) = database.execute("SELECT max(last) FROM billing_invoicecounter").fetchone() or (
            0,
        )
        (highest,) = database.execute("SELECT max(id) FROM trips_trip").fetchone() or (0,)
        (following,) = database.execute(
            "SELECT nextval(pg_get_serial_sequence('trips_trip', 'id'))"
        ).fetchone() or (0,)
    assert last >= 2
    assert following > highest


def _audit_is_protected(url: str) -> None:
    with psycopg.connect(url) as database, pytest.raises(psycopg.errors.InsufficientPrivilege):
        database.execute("DELETE FROM users_auditentry")


def test_a_copy_that_was_damaged_is_refused(
    house: Cast, empty: str, process_env: dict[str, str], tmp_path: Path
) -> None:
    run("backup.sh", tmp_path, process_env["DATABASE_URL"])
    (file,) = tmp_path.glob("atw-*.dump")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    refused = run("restore.sh", file, empty)
    assert refused.returncode != 0
    assert counts(empty) == {}


def test_old_copies_are_deleted(process_env: dict[str, str], tmp_path: Path) -> None:
    old = tmp_path / "atw-20010101T000000Z.dump"
    old.write_bytes(b"x")
    os.utime(old, (0, 0))
    assert run("backup.sh", tmp_path, process_env["DATABASE_URL"]).returncode == 0
    assert not old.exists()


def test_a_server_that_is_away_leaves_no_half_copy(tmp_path: Path) -> None:
    failed = run("backup.sh", tmp_path, "postgresql://atw@127.0.0.1:1/atw")
    assert failed.returncode != 0
    assert list(tmp_path.iterdir()) == []
