"""Old days go in constant time, and leave a seal of each trip behind."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from config import locks
from tests.cast import Cast
from trips.models import GpsFix, TrackSeal, Trip
from trips.tasks import cleanup_old_gps_data
from trips.tracking import retention
from trips.tracking.filters import DAY_S, OLDEST_S

pytestmark = pytest.mark.django_db

OLD = (timezone.now() - timedelta(days=40)).date()
NOON = datetime(OLD.year, OLD.month, OLD.day, 12, tzinfo=UTC)
KEPT_AT = timezone.now() - timedelta(days=29)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "PAUSE_S", 0.0)


@pytest.fixture
def trip(cast: Cast) -> Trip:
    return cast.trip_in("in_progress")


def _sql(sql: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)


def _fix(cast: Cast, trip: Trip | None, at: datetime, latitude: float, **more: Any) -> None:
    _sql("SELECT trips_gpsfix_make_day(%s)", at.date())
    GpsFix.objects.create(
        **{
            "device": cast.tracker,
            "trip": trip,
            "recorded_at": at,
            "received_at": at + timedelta(seconds=1),
            "latitude": latitude,
            "longitude": 11.97,
            "verdict": "kept",
            **more,
        }
    )


def _drive(cast: Cast, trip: Trip, fixes: int = 10) -> None:
    """A straight drive north at 11 m/s, a fix every 10 s."""
    for n in range(fixes):
        _fix(cast, trip, NOON + timedelta(seconds=10 * n), 57.7 + n * 0.001, client_id=str(n))


def _days() -> list[date]:
    return retention._attached_days()


def test_days_are_made_ahead_of_their_first_fix() -> None:
    cleanup_old_gps_data()
    today = timezone.now().date()
    assert {today + timedelta(days=n) for n in range(4)} <= set(_days())


def test_a_day_past_the_kept_days_goes_and_a_kept_one_stays(cast: Cast, trip: Trip) -> None:
    _drive(cast, trip)
    _fix(cast, trip, KEPT_AT, 57.7)
    assert "1 dropped" in cleanup_old_gps_data()
    assert OLD not in _days()
    assert retention._closed_days() == []
    assert GpsFix.objects.get().recorded_at == KEPT_AT


def test_a_day_for_which_the_door_still_takes_fixes_stays(settings: Any) -> None:
    settings.GPS_KEEP_DAYS = 1
    still_taken = timezone.now() - timedelta(seconds=OLDEST_S)
    _sql("SELECT trips_gpsfix_make_day(%s)", still_taken.date())
    cleanup_old_gps_data()
    assert still_taken.date() in _days()


def test_more_days_are_kept_where_the_operator_says_so(settings: Any) -> None:
    settings.GPS_KEEP_DAYS = 2 * OLDEST_S / DAY_S
    _sql("SELECT trips_gpsfix_make_day(%s)", OLD)
    cleanup_old_gps_data()
    assert OLD in _days()


def test_the_seal_says_how_far_and_when_the_trip_went(cast: Cast, trip: Trip) -> None:
    _drive(cast, trip)
    _fix(cast, trip, NOON + timedelta(seconds=45), 60.0, verdict="future")
    cleanup_old_gps_data()
    seal = TrackSeal.objects.get()
    assert (seal.trip, seal.day, seal.fixes) == (trip, OLD, 11)
    assert (seal.first_at, seal.last_at) == (NOON, NOON + timedelta(seconds=90))
    assert seal.distance_m == pytest.approx(9 * 111.195, rel=1e-3)
    assert seal.track == [
        [NOON.timestamp(), 57.7, 11.97],
        [NOON.timestamp() + 90, pytest.approx(57.709), 11.97],
    ]
    assert seal.gaps == []


def test_a_silence_is_sealed_as_a_gap(cast: Cast, trip: Trip) -> None:
    _drive(cast, trip, 2)
    _fix(cast, trip, NOON + timedelta(minutes=10), 57.71)
    cleanup_old_gps_data()
    seal = TrackSeal.objects.get()
    assert seal.gaps == [[NOON.timestamp() + 10, NOON.timestamp() + 600]]
    assert len(seal.track) == 3


def test_the_times_of_a_wrong_clock_are_sealed_corrected(cast: Cast, trip: Trip) -> None:
    corrected = NOON - timedelta(minutes=7)
    _fix(cast, trip, NOON, 57.7, corrected_at=corrected)
    cleanup_old_gps_data()
    assert TrackSeal.objects.get().first_at == corrected


def test_the_hash_is_that_of_an_export_made_before(cast: Cast, trip: Trip) -> None:
    _drive(cast, trip, 3)
    fixes = GpsFix.objects.filter(trip=trip).order_by("recorded_at")
    export = "".join(_exported(fix) for fix in fixes)
    cleanup_old_gps_data()
    assert TrackSeal.objects.get().raw_sha256 == hashlib.sha256(export.encode()).hexdigest()


def _exported(fix: GpsFix) -> str:
    row: list[Any] = [fix.device_id, _us(fix.recorded_at), None, _us(fix.received_at), fix.latitude]
    row += [fix.longitude, None, None, None, None, None, fix.client_id, None, None, "kept"]
    return json.dumps(row).replace(", ", ",") + "\n"


def _us(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@pytest.mark.parametrize("column", ["latitude", "speed_mps", "device_id"])
def test_another_raw_point_has_another_hash(cast: Cast, trip: Trip, column: str) -> None:
    _drive(cast, trip, 3)
    table = f"trips_gpsfix_{OLD:%Y%m%d}"
    before = retention.raw_sha256(_raw(table, trip))
    GpsFix.objects.filter(trip=trip, client_id="1").update(**{column: 1})
    assert retention.raw_sha256(_raw(table, trip)) != before


def _raw(table: str, trip: Trip) -> list[tuple[Any, ...]]:
    return retention._rows(retention._RAW.format(table=table), trip.pk)


def test_each_trip_of_the_day_has_its_own_seal_and_strays_have_none(cast: Cast) -> None:
    ours, other = cast.trip_in("in_progress"), cast.trip_in("completed")
    _fix(cast, ours, NOON, 57.7)
    _fix(cast, other, NOON, 57.8)
    _fix(cast, None, NOON, 57.9)
    cleanup_old_gps_data()
    assert set(TrackSeal.objects.values_list("trip", flat=True)) == {ours.pk, other.pk}


def test_a_second_run_changes_nothing(cast: Cast, trip: Trip) -> None:
    _drive(cast, trip)
    cleanup_old_gps_data()
    [before] = TrackSeal.objects.values()
    cleanup_old_gps_data()
    assert list(TrackSeal.objects.values()) == [before]


class Crash(Exception):
    """The worker dies here."""


def _crash(*args: object, **kwargs: object) -> None:
    raise Crash


@pytest.mark.parametrize("last_step", ["_seal_and_drop", "_seal", "_simplified"])
def test_after_a_crash_the_next_run_ends_the_work(
    cast: Cast, trip: Trip, monkeypatch: pytest.MonkeyPatch, last_step: str
) -> None:
    _drive(cast, trip)
    with monkeypatch.context() as patch:
        patch.setattr(retention, last_step, _crash)
        with pytest.raises(Crash):
            cleanup_old_gps_data()
    assert retention._closed_days() == [OLD]
    cleanup_old_gps_data()
    assert retention._closed_days() == []
    assert TrackSeal.objects.get().fixes == 10


def test_a_crash_between_seal_and_drop_does_not_seal_twice(
    cast: Cast, trip: Trip, monkeypatch: pytest.MonkeyPatch
) -> None:
    _drive(cast, trip)
    real: Callable[[str, int], bool] = locks.briefly
    with monkeypatch.context() as patch:
        patch.setattr(retention, "briefly", lambda sql, ms: "DROP" not in sql and real(sql, ms))
        assert "0 dropped" in cleanup_old_gps_data()
    [sealed] = TrackSeal.objects.values()
    assert "1 dropped" in cleanup_old_gps_data()
    assert list(TrackSeal.objects.values()) == [sealed]


def test_points_that_no_seal_covers_are_not_dropped(cast: Cast, trip: Trip) -> None:
    _drive(cast, trip)
    cleanup_old_gps_data()
    _drive(cast, trip, 3)  # a straggler made the day anew
    assert "0 dropped" in cleanup_old_gps_data()
    assert retention._closed_days() == [OLD]
    assert len(_raw(retention._closed(OLD), trip)) == 3


def test_a_straggler_waits_until_the_day_before_it_is_gone(cast: Cast, trip: Trip) -> None:
    _drive(cast, trip)
    cleanup_old_gps_data()
    for _ in range(2):
        _drive(cast, trip, 3)
        cleanup_old_gps_data()
    assert OLD in _days()


@pytest.mark.django_db(transaction=True)
def test_a_table_in_use_is_left_to_the_next_run(
    cast: Cast, trip: Trip, process_env: dict[str, str]
) -> None:
    _drive(cast, trip)
    with psycopg.connect(process_env["DATABASE_URL"]) as reader:
        reader.execute("SELECT count(*) FROM trips_gpsfix")
        assert "0 dropped" in cleanup_old_gps_data()
        assert OLD in _days()
    assert "1 dropped" in cleanup_old_gps_data()
