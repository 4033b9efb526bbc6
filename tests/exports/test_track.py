"""A trip's way as a file: what is believed, in order of time, for who may see the trip."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import gpxpy
import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from config import locks
from tests.cast import Cast
from trips import track_api
from trips.models import GpsFix, TrackSeal, Trip
from trips.tasks import cleanup_old_gps_data
from trips.track_files import Stop, Track, divided, geojson, gpx
from trips.tracking.simplify import Point
from users.models import User

pytestmark = pytest.mark.django_db

NOON = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)


def fix(cast: Cast, trip: Trip, after_s: float, latitude: float, **more: Any) -> None:
    at = more.pop("at", NOON) + timedelta(seconds=after_s)
    with connection.cursor() as cursor:
        cursor.execute("SELECT trips_gpsfix_make_day(%s)", [at.date()])
    GpsFix.objects.create(
        **{
            "device": cast.tracker,
            "trip": trip,
            "recorded_at": at,
            "received_at": at,
            "latitude": latitude,
            "longitude": 11.97,
            "verdict": "kept",
            **more,
        }
    )


def get(user: User, trip_id: int, kind: str = "geojson") -> Any:
    client = APIClient()
    client.force_authenticate(user)
    return client.get(f"/api/trips/{trip_id}/track.{kind}")


def features(user: User, trip: Trip, kind: str) -> list[dict[str, Any]]:
    found = get(user, trip.pk).json()["features"]
    return [one for one in found if one["properties"]["kind"] == kind]


def latitudes(user: User, trip: Trip) -> list[list[float]]:
    [track] = features(user, trip, "track")
    assert track["geometry"]["type"] == "MultiLineString"
    return [[place[1] for place in line] for line in track["geometry"]["coordinates"]]


def test_believed_positions_are_told_in_order_of_time(cast: Cast) -> None:
    trip, other = cast.trip_in("in_progress"), cast.trip_in("in_progress")
    fix(cast, trip, 20, 57.72, verdict="late")
    fix(cast, trip, 0, 57.70)
    fix(cast, trip, 30, 57.99, verdict="future")
    fix(cast, other, 5, 58.00)
    # The clock of this one was half a minute ahead.
    fix(cast, trip, 40, 57.71, corrected_at=NOON + timedelta(seconds=10))
    assert latitudes(cast.dina, trip) == [[57.70, 57.71, 57.72]]
    [track] = features(cast.dina, trip, "track")
    [times] = track["properties"]["times"]
    assert times[1] == (NOON + timedelta(seconds=10)).isoformat(timespec="milliseconds").replace(
        "+00:00", "Z"
    )


def test_a_silence_divides_the_track(cast: Cast) -> None:
    trip = cast.trip_in("in_progress")
    for after_s in (0, 60, 181, 200):
        fix(cast, trip, after_s, 57.7 + after_s / 10_000)
    assert [len(line) for line in latitudes(cast.dina, trip)] == [2, 2]


def test_one_position_is_a_line_all_the_same(cast: Cast) -> None:
    trip = cast.trip_in("in_progress")
    fix(cast, trip, 0, 57.7)
    assert latitudes(cast.dina, trip) == [[57.7, 57.7]]


def test_a_trip_without_positions_has_its_stops_and_events(cast: Cast) -> None:
    trip = cast.trip_in("scheduled")
    assert features(cast.dina, trip, "track") == []
    assert features(cast.dina, trip, "pickup")[0]["properties"]["address"] == "Götgatan 12"
    assert features(cast.dina, trip, "dropoff")[0]["geometry"]["coordinates"] == [11.961, 57.683]
    events = features(cast.dina, trip, "event")
    assert [one["properties"]["event"] for one in events] == ["trip.requested", "trip.scheduled"]
    assert events[0]["geometry"] is None


def test_an_event_is_where_the_tap_was(cast: Cast) -> None:
    trip = cast.trip_in("en_route_pickup")
    cast.tap(trip, "arrive_pickup", latitude=57.7035, longitude=11.966)
    event = features(cast.dina, trip, "event")[-1]
    assert event["properties"]["event"] == "trip.arrived_pickup"
    assert event["geometry"]["coordinates"] == [11.966, 57.7035]


def test_when_the_raw_points_are_gone_the_seal_stands_in(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "PAUSE_S", 0.0)
    trip = cast.trip_in("in_progress")
    old = datetime.combine((timezone.now() - timedelta(days=40)).date(), NOON.time(), UTC)
    for n in range(10):
        fix(cast, trip, 10 * n, 57.7 + n * 0.001, at=old)
    fix(cast, trip, 0, 57.8)
    cleanup_old_gps_data()
    assert TrackSeal.objects.count() == 1
    assert latitudes(cast.dina, trip) == [[57.7, pytest.approx(57.709)], [57.8, 57.8]]
    assert features(cast.dina, trip, "track")[0]["properties"]["simplified"] is True


def test_gpx_is_read_by_others(cast: Cast) -> None:
    trip = cast.trip_in("en_route_pickup", pickup_address='Götgatan 12 <"&\x0b')
    cast.tap(trip, "arrive_pickup", latitude=57.7035, longitude=11.966)
    for after_s in (0, 10, 400):
        fix(cast, trip, after_s, 57.7)
    answer = get(cast.dina, trip.pk, "gpx")
    assert answer["Content-Type"] == "application/gpx+xml"
    assert f'filename="trip-{trip.pk}.gpx"' in answer["Content-Disposition"]
    parsed = gpxpy.parse(answer.content.decode())
    assert [len(segment.points) for segment in parsed.tracks[0].segments] == [2, 1]
    assert parsed.tracks[0].segments[0].points[1].time == NOON + timedelta(seconds=10)
    names = [point.name for point in parsed.waypoints]
    assert names[:2] == ["pickup", "dropoff"]
    assert "trip.arrived_pickup" in names
    assert parsed.waypoints[0].description == 'Götgatan 12 <"& '


@pytest.mark.parametrize("kind", ["geojson", "gpx"])
def test_who_sees_the_trip_sees_its_way_and_nobody_else(cast: Cast, kind: str) -> None:
    trip = cast.trip_in("in_progress", facility=cast.facility)
    for user in (cast.dina, cast.bea, cast.ada, cast.omar, cast.pia, cast.hugo):
        assert get(user, trip.pk, kind).status_code == 200, user
    foreign, absent = get(cast.eve, trip.pk, kind), get(cast.eve, 10**30, kind)
    assert foreign.status_code == absent.status_code == 404
    assert foreign.content == absent.content
    assert APIClient().get(f"/api/trips/{trip.pk}/track.{kind}").status_code == 401


def test_the_number_of_points_is_bounded_and_said(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(track_api, "MOST_POINTS", 3)
    trip = cast.trip_in("in_progress")
    for n in range(3):
        fix(cast, trip, n, 57.7)
    assert features(cast.dina, trip, "track")[0]["properties"]["truncated"] is False
    fix(cast, trip, 4, 57.7)
    [track] = features(cast.dina, trip, "track")
    assert track["properties"]["truncated"] is True
    assert len(track["properties"]["times"][0]) == 3


def ridden(cast: Cast) -> Trip:
    """A whole trip of which each event has a place, and the vehicle one a minute."""
    trip = cast.trip_in("dispatched", facility=cast.facility)
    start = timezone.now() - timedelta(minutes=9)
    steps = ("start", "arrive_pickup", "pick_up", "arrive_dropoff", "complete")
    for n, step in enumerate(steps):
        at = start + timedelta(minutes=2 * n)
        trip = cast.tap(trip, step, occurred_at=at, latitude=57.70 + n / 100, longitude=11.96)
        for after_s in (0, 60):
            fix(cast, trip, after_s, 57.70 + n / 100 + after_s / 10_000, at=at)
    return trip


def test_who_asked_for_a_trip_reads_its_way_between_the_doors_only(cast: Cast) -> None:
    trip = ridden(cast)
    for user in (cast.pia, cast.hugo):
        assert latitudes(user, trip) == [[pytest.approx(n) for n in (57.72, 57.726, 57.73)]]
        events = {
            one["properties"]["event"]: one["geometry"] for one in features(user, trip, "event")
        }
        placed = [name for name, geometry in events.items() if geometry]
        assert placed == ["trip.picked_up", "trip.arrived_dropoff"]
        assert {"trip.arrived_pickup", "trip.completed"} < events.keys()
        parsed = gpxpy.parse(get(user, trip.pk, "gpx").content.decode())
        assert sum(len(one.points) for one in parsed.tracks[0].segments) == 3
        assert [one.name for one in parsed.waypoints] == ["pickup", "dropoff", *placed]


def test_who_works_here_reads_all_of_its_way(cast: Cast) -> None:
    trip = ridden(cast)
    for user in (cast.dina, cast.bea, cast.ada, cast.omar):
        assert sum(map(len, latitudes(user, trip))) == 10
        placed = [one for one in features(user, trip, "event") if one["geometry"]]
        assert len(placed) == 5


def test_nobody_aboard_is_no_way_to_read_for_who_asked(cast: Cast) -> None:
    trip = cast.trip_in("en_route_pickup")
    trip = cast.tap(trip, "arrive_pickup", latitude=57.7035, longitude=11.966)
    fix(cast, trip, 0, 57.7)
    assert features(cast.pia, trip, "track") == []
    assert not [one for one in features(cast.pia, trip, "event") if one["geometry"]]
    assert latitudes(cast.dina, trip) == [[57.7, 57.7]]


def test_nothing_is_divided_where_nothing_is() -> None:
    assert divided([], 120) == []
    piece = [Point(0, 1, 1), Point(120, 1, 1)]
    assert divided(piece, 120) == [piece]


def test_both_forms_hold_a_track_of_nothing() -> None:
    empty = Track(7, "requested", "ambulatory", [], [Stop("pickup", "", 0, 0)], [])
    assert len(geojson(empty)["features"]) == 1
    assert gpxpy.parse(gpx(empty).decode()).tracks[0].name == "Trip 7"
