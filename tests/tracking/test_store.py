"""Group commit on real PostgreSQL: many requests share a statement, each gets its own answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from tests.cast import Cast
from tests.fixtures_processes import wait_until
from tests.tracking.door import Door, fix, kept
from trips.models import Device, QuarantinedFix, VehiclePosition
from trips.tracking import positions, store
from trips.tracking.lane import Unavailable
from trips.tracking.rows import Doubt, Row, microseconds
from trips.tracking.store import GroupCommit

pytestmark = pytest.mark.django_db(transaction=True)
T = TypeVar("T")


def row(cast: Cast, second: float, latitude: float = 57.7, **more: Any) -> Row:
    """A fix of the van's tracker, so many seconds before now."""
    fields: dict[str, Any] = {
        "device_id": cast.tracker.pk,
        "vehicle_id": cast.van.pk,
        "driver_id": None,
        "trip_id": None,
        "recorded_us": microseconds(time.time() - second),
        "corrected_us": None,
        "latitude": latitude,
        "longitude": 11.97,
        "speed_mps": None,
        "heading_deg": None,
        "accuracy_m": None,
        "altitude_m": None,
        "battery": None,
        "client_id": None,
        "verdict": "kept",
    }
    return Row(**{**fields, **more})


def with_store(work: Callable[[GroupCommit], Awaitable[T]]) -> T:
    """Run `work` with a store of its own, on a loop of its own."""

    async def run() -> T:
        commit = GroupCommit()
        try:
            return await work(commit)
        finally:
            await commit._lane._drop()

    return asyncio.run(run())


def test_a_hundred_requests_at_once_share_a_few_statements(cast: Cast) -> None:
    rows = [row(cast, second) for second in range(100)]
    statements = 0

    async def work(commit: GroupCommit) -> list[list[bool]]:
        lane = commit._lane.run

        async def counted(*given: Any) -> list[Any]:
            nonlocal statements
            statements += 1
            return await lane(*given)

        commit._lane.run = counted  # type: ignore[method-assign]
        return await asyncio.gather(*(commit.keep([one], []) for one in rows))

    assert with_store(work) == [[True]] * 100
    assert len(kept()) == 100
    assert statements < 20


def test_each_request_hears_about_its_own_rows(cast: Cast) -> None:
    old, new, twice = (row(cast, second) for second in (30, 20, 10))

    async def work(commit: GroupCommit) -> list[list[bool]]:
        await commit.keep([old], [])
        doubt = Doubt(cast.tracker.pk, None, "malformed", b"\x00\xff")
        requests: list[tuple[list[Row], list[Doubt]]] = [
            ([old, new], []),
            ([], []),
            ([twice, twice], []),
            ([], [doubt]),
        ]
        return await asyncio.gather(*(commit.keep(rows, doubts) for rows, doubts in requests))

    answers = with_store(work)
    assert answers == [[False, True], [], [True, False], []]
    assert len(kept()) == 3
    assert bytes(QuarantinedFix.objects.get().raw) == b"\x00\xff"


def test_odd_ids_and_exact_numbers_survive(cast: Cast) -> None:
    ids = [
        '"',
        "\\",
        "a,b",
        "{}",
        "NULL",
        "null",
        "'",
        "\n",
        " ",
        "åäö",
        "🚐",
        "%s",
        "$1",
        "x" * 64,
    ]
    precise = 57.703512345678901
    rows = [row(cast, n, precise, client_id=text) for n, text in enumerate(ids)]

    async def work(commit: GroupCommit) -> list[bool]:
        await commit.keep(rows, [])
        return await commit.keep(rows, [])

    assert with_store(work) == [False] * len(ids)
    stored = kept()
    assert {one.client_id for one in stored} == set(ids)
    assert {one.latitude for one in stored} == {precise}
    times = sorted(one.recorded_us for one in rows)
    assert [microseconds(one.recorded_at.timestamp()) for one in stored] == times


def test_the_marker_takes_the_newest_and_never_an_older_one(cast: Cast) -> None:
    newest = row(cast, 5, 57.75)

    async def work(commit: GroupCommit) -> None:
        await commit.keep([row(cast, 20), newest, row(cast, 10)], [])
        await commit.keep([row(cast, 7, 57.6)], [])
        await commit.keep([row(cast, -3_600, 57.5, verdict="future")], [])
        await commit.keep([row(cast, 1, 57.4, verdict="late")], [])
        await commit.keep([row(cast, 0, 57.3, vehicle_id=None)], [])

    with_store(work)
    position = VehiclePosition.objects.get()
    assert microseconds(position.recorded_at.timestamp()) == newest.recorded_us
    assert position.latitude == 57.75


def test_a_corrected_time_moves_the_marker_and_the_raw_one_finds_duplicates(cast: Cast) -> None:
    raw = row(cast, 600)
    right_us = raw.recorded_us + 590_000_000
    corrected = row(cast, 0, recorded_us=raw.recorded_us, corrected_us=right_us)

    async def work(commit: GroupCommit) -> list[bool]:
        return await commit.keep([corrected], []) + await commit.keep([raw], [])

    assert with_store(work) == [True, False]
    position = VehiclePosition.objects.get()
    assert microseconds(position.recorded_at.timestamp()) == right_us


def test_a_day_that_was_dropped_is_made_again(cast: Cast) -> None:
    day_s = 25 * 86_400

    async def work(commit: GroupCommit) -> list[bool]:
        await commit.keep([row(cast, day_s)], [])
        await asyncio.to_thread(_drop_day, day_s)
        return await commit.keep([row(cast, day_s, 57.8), row(cast, 0)], [])

    assert with_store(work) == [True, True]
    assert len(kept()) == 2


def _drop_day(age_s: float) -> None:
    day = datetime.fromtimestamp(time.time() - age_s, UTC).strftime("%Y%m%d")
    with psycopg.connect(**_address(), autocommit=True) as other:
        other.execute(f"DROP TABLE trips_gpsfix_{day}".encode())


def _address() -> dict[str, Any]:
    given = connection.settings_dict
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST"}
    return {**{key: given[name] for key, name in names.items()}, "port": given["PORT"]}


def test_while_the_table_is_locked_everybody_is_told_and_afterwards_it_works(cast: Cast) -> None:
    async def work(commit: GroupCommit) -> tuple[list[Any], list[bool]]:
        await commit.keep([row(cast, 60)], [])
        with psycopg.connect(**_address()) as other:
            other.execute("LOCK TABLE trips_gpsfix IN ACCESS EXCLUSIVE MODE")
            refused = await asyncio.gather(
                *(commit.keep([row(cast, second)], []) for second in range(5)),
                return_exceptions=True,
            )
            other.rollback()
        return list(refused), await commit.keep([row(cast, 30)], [])

    refused, after = with_store(work)
    assert [type(one) for one in refused] == [Unavailable] * 5
    assert after == [True]
    assert len(kept()) == 2


def test_more_than_a_process_can_hold_is_refused_at_once(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_WAITING", 3)

    async def work(commit: GroupCommit) -> list[Any]:
        rows = [[row(cast, n * 10 + m) for m in range(2)] for n in range(4)]
        return await asyncio.gather(
            *(commit.keep(some, []) for some in rows), return_exceptions=True
        )

    answers = with_store(work)
    assert answers[:2] == [[True, True], [True, True]]
    assert [type(one) for one in answers[2:]] == [Unavailable] * 2


def test_a_position_that_a_crash_left_behind_is_healed_from_the_fixes(
    cast: Cast, door: Door
) -> None:
    trip = cast.trip_in("in_progress")
    assert door.post(trip, fix()).status_code == 202
    wait_until(lambda: VehiclePosition.objects.filter(vehicle=cast.van).exists(), 5, "no position")
    newest = VehiclePosition.objects.get(vehicle=cast.van)
    Device.objects.filter(driver=cast.driver).update(last_seen_at=timezone.now())
    VehiclePosition.objects.update(recorded_at=newest.recorded_at - timedelta(hours=1), latitude=0)
    assert positions.heal() == 1
    healed = VehiclePosition.objects.get(vehicle=cast.van)
    assert (healed.recorded_at, healed.latitude) == (newest.recorded_at, newest.latitude)
    assert positions.heal() == 0
