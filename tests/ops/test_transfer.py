"""`dev.py export` and `import`: the data arrives whole, once, under a new epoch."""

from __future__ import annotations

import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from django.utils import timezone
from psycopg import sql

from config import publish
from devtools import transfer
from devtools.bootstrap import SetupError
from devtools.instance import Instance
from devtools.postgres import Postgres
from tests.cast import Cast
from tests.fixtures_processes import CeleryWorker
from tests.plugin import Services
from trips.lifecycle import Status
from trips.models import Epoch, GpsFix

pytestmark = pytest.mark.django_db(transaction=True)
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


@pytest.fixture
def data(tmp_path: Path, process_env: dict[str, str]) -> Path:
    """The data folder of an instance whose database is the test's."""
    (tmp_path / "instance.env").write_text(f"DATABASE_URL={process_env['DATABASE_URL']}\n")
    return tmp_path


@pytest.fixture
def empty(process_env: dict[str, str]) -> Iterator[str]:
    """The address of an empty database."""
    url = process_env["DATABASE_URL"].rpartition("/")[0]
    with psycopg.connect(f"{url}/atw", autocommit=True) as server:
        server.execute("CREATE DATABASE imported")
        yield f"{url}/imported"
        server.execute("DROP DATABASE imported")


@pytest.fixture
def company(cast: Cast, celery_worker_process: CeleryWorker) -> None:
    """A trip with its story, a fix in its partition, and an epoch; nothing is under way."""
    trip = cast.trip_in(Status.COMPLETED)
    publish.drain()
    celery_worker_process.wait_idle()
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT trips_gpsfix_make_day(%s)", [now.date()])
    GpsFix.objects.create(
        device=cast.tracker, trip=trip, latitude=57.7, longitude=11.9,
        recorded_at=now, received_at=now, verdict="kept",
    )  # fmt: skip
    Epoch.objects.get_or_create()


def counts(url: str) -> dict[str, int]:
    """{table: rows}."""
    with psycopg.connect(url) as database:
        names = [name for (name,) in database.execute(TABLES).fetchall()]
        return {name: rows(database, name) for name in names}


def rows(database: psycopg.Connection, table: str) -> int:
    count = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
    return int((database.execute(count).fetchone() or (0,))[0])


def test_everything_arrives_under_a_new_epoch(
    company: None, data: Path, empty: str, process_env: dict[str, str]
) -> None:
    file = data / "company.dump"
    assert transfer.export(data, file) == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert transfer.load(file, empty) == 0
    there = counts(empty)
    assert there == counts(process_env["DATABASE_URL"])
    assert there["trips_tripevent"] > 5
    assert there["trips_gpsfix"] == 1
    with psycopg.connect(empty) as database:
        [(epoch,)] = database.execute("SELECT value FROM trips_epoch").fetchall()
        # The imported partitions and numbers go on.
        database.execute("SELECT trips_gpsfix_make_day('2030-01-01')")
    assert epoch != Epoch.objects.get().value


class Newer(Postgres):
    """The wheel's PostgreSQL 18."""

    @property
    def _bin(self) -> Path:
        return super()._bin.parent.with_name("pginstall18") / "bin"


@pytest.fixture
def newer(services: Services) -> Iterator[str]:
    """The address of an empty database of PostgreSQL 18."""
    with tempfile.TemporaryDirectory(prefix="atw-newer-") as folder:
        Path(folder).chmod(0o711)
        server = Newer.of(Instance(Path(folder)))
        server.prepare()
        process = services.reaper.spawn(server.program(), services.logs / "newer.log")
        server.wait_ready(process)
        yield server.url
        process.send_signal(server.program().end_signal)
        process.wait(10)
        services.reaper.forget(process)


def test_it_arrives_in_a_newer_postgresql_where_positions_are_kept_too(
    company: None, data: Path, newer: str
) -> None:
    file = data / "company.dump"
    transfer.export(data, file)
    transfer.load(file, newer)
    with psycopg.connect(newer) as database:
        assert database.info.server_version > 170000
        # PostgreSQL 17 refuses a partition with an identity of its own.
        database.execute("SELECT trips_gpsfix_make_day('2030-01-01')")
        database.execute(
            "INSERT INTO trips_gpsfix (device_id, recorded_at, received_at, latitude, longitude,"
            " verdict) VALUES (1, '2030-01-01 12:00Z', now(), 57.7, 11.9, 'kept')"
        )
        assert rows(database, "trips_gpsfix") == 2


def test_a_database_with_tables_is_not_touched(
    company: None, data: Path, process_env: dict[str, str]
) -> None:
    file = data / "company.dump"
    transfer.export(data, file)
    before = counts(process_env["DATABASE_URL"])
    with pytest.raises(SetupError, match="has tables already"):
        transfer.load(file, process_env["DATABASE_URL"])
    assert counts(process_env["DATABASE_URL"]) == before


def test_half_a_file_leaves_nothing_behind(company: None, data: Path, empty: str) -> None:
    file = data / "company.dump"
    transfer.export(data, file)
    file.write_bytes(file.read_bytes()[: -file.stat().st_size // 4])
    with pytest.raises(SetupError, match="pg_restore failed"):
        transfer.load(file, empty)
    assert counts(empty) == {}


def test_what_is_not_there_is_named(data: Path, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="there is no file"):
        transfer.load(tmp_path / "absent.dump", "postgresql://atw@127.0.0.1:1/atw")
    (tmp_path / "some.dump").touch()
    with pytest.raises(SetupError, match="cannot connect to the database"):
        transfer.load(tmp_path / "some.dump", "postgresql://atw@127.0.0.1:1/atw")
    with pytest.raises(SetupError, match="no instance in"):
        transfer.export(tmp_path / "nowhere", tmp_path / "x.dump")
    (data / "instance.env").write_text("DATABASE_URL=postgresql://atw@127.0.0.1:1/atw\n")
    with pytest.raises(SetupError, match="cannot connect to the database"):
        transfer.export(data, tmp_path / "x.dump")
    assert not (tmp_path / "x.dump").exists()
