"""The rows behind the screens: from trips and positions, in a constant number of statements."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.cast import DROPOFF, PICKUP, Cast, event_names
from trips.dispatch import geofence
from trips.dispatch.live_eta import update_etas
from trips.lifecycle import Status
from trips.models import Driver, Trip, TripEta, Vehicle, VehiclePosition
from trips.realtime import estimates
from trips.realtime.projections import Audience

pytestmark = pytest.mark.django_db

#: 5.6 km from Pia's door.
FAR = (57.7540, 11.9660)


def stands(cast: Cast, point: tuple[float, float], at: datetime, speed_mps: float = 0.0) -> None:
    """Omar's van was seen there."""
    VehiclePosition.objects.update_or_create(
        vehicle=cast.van,
        defaults={
            "latitude": point[0],
            "longitude": point[1],
            "speed_mps": speed_mps,
            "recorded_at": at,
            "updated_at": at,
        },
    )


def test_a_vehicle_under_way_has_an_arrival(cast: Cast) -> None:
    trip = cast.trip_in("en_route_pickup")
    now = timezone.now()
    stands(cast, FAR, now)
    assert update_etas(now) == 1
    row = TripEta.objects.get()
    assert row.eta is not None
    assert timedelta(minutes=8) < row.eta - now < timedelta(minutes=16)
    assert trip.scheduled_at is not None
    assert row.lateness_s == round((row.eta - trip.scheduled_at).total_seconds())
    assert (row.risk, row.updated_at) == ("on_time", now)


def test_a_round_that_changes_nothing_writes_nothing(cast: Cast) -> None:
    cast.trip_in("en_route_pickup")
    now = timezone.now()
    stands(cast, FAR, now)
    update_etas(now)
    written = TripEta.objects.get()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert update_etas(now + timedelta(seconds=5)) == 0
    assert [one["sql"][:6] for one in asked] == ["SELECT"] * len(asked)
    assert TripEta.objects.get().updated_at == written.updated_at


def test_what_wobbles_below_a_minute_adds_up(cast: Cast) -> None:
    """Each step is too small to tell, the way they go together is not."""
    cast.trip_in("en_route_pickup")
    now = timezone.now()
    stands(cast, FAR, now)
    update_etas(now)
    told = [update_etas(now + timedelta(seconds=50 * step)) for step in range(1, 5)]
    assert told == [0, 1, 0, 1]


def test_the_end_of_a_trip_ends_its_estimate(cast: Cast) -> None:
    trip = cast.trip_in("dispatched")
    update_etas()
    assert TripEta.objects.filter(trip=trip).exists()
    cast.tap(trip, "cancel", reason="so it goes")
    update_etas()
    assert not TripEta.objects.exists()


def test_a_will_call_and_a_trip_of_next_week_have_none(cast: Cast) -> None:
    cast.trip_in("will_call")
    cast.trip_in("scheduled", scheduled_at=timezone.now() + timedelta(days=7))
    assert update_etas() == 0


def test_the_geofence_suggests_and_never_decides(cast: Cast) -> None:
    trip = cast.trip_in("en_route_pickup")
    story = event_names(trip)
    now = timezone.now()
    stands(cast, PICKUP, now)
    update_etas(now)
    assert TripEta.objects.get().suggestion == ""
    later = now + geofence.STAY
    update_etas(later)
    row = TripEta.objects.get()
    assert (row.suggestion, row.suggested_at) == ("arrive_pickup", later)
    trip.refresh_from_db()
    assert (trip.status, event_names(trip)) == ("en_route_pickup", story)


def test_a_suggestion_goes_when_the_van_does_or_somebody_taps(cast: Cast) -> None:
    trip = cast.trip_in("en_route_pickup")
    now = timezone.now()
    stands(cast, PICKUP, now)
    for seconds in (0, 30):
        update_etas(now + timedelta(seconds=seconds))
    stands(cast, FAR, now + timedelta(seconds=40), speed_mps=9)
    update_etas(now + timedelta(seconds=40))
    assert TripEta.objects.get().suggestion == ""
    stands(cast, PICKUP, now + timedelta(seconds=50))
    for seconds in (50, 80):
        update_etas(now + timedelta(seconds=seconds))
    assert TripEta.objects.get().suggestion == "arrive_pickup"
    cast.tap(trip, "arrive_pickup")
    update_etas()
    row = TripEta.objects.get()
    assert (row.suggestion, row.suggested_at, row.near_since) == ("", None, None)


def test_the_pick_ups_door_says_nothing_about_the_clinics(cast: Cast) -> None:
    trip = cast.trip_in("en_route_pickup")
    now = timezone.now()
    stands(cast, PICKUP, now)
    for seconds in (0, 30):
        update_etas(now + timedelta(seconds=seconds))
    cast.tap(trip, "arrive_pickup")
    trip = cast.tap(trip, "pick_up")
    stands(cast, DROPOFF, trip.state_since)
    update_etas(trip.state_since + timedelta(seconds=1))
    assert TripEta.objects.get().suggestion == ""
    update_etas(trip.state_since + timedelta(seconds=25))
    assert TripEta.objects.get().suggestion == "arrive_dropoff"


def test_the_statements_do_not_grow_with_the_trips(cast: Cast) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            update_etas()
        return len(asked)

    cast.trip_in("en_route_pickup")
    few = statements()
    fleet(dict(Trip.objects.values().get()), 60)
    assert statements() == few


def fleet(template: dict[str, Any], count: int) -> None:
    """So many vehicles, each with one trip like `template`."""
    vehicles = Vehicle.objects.bulk_create(Vehicle(name=f"Bus {n}") for n in range(count))
    Trip.objects.bulk_create(
        Trip(**template | {"id": None, "vehicle_id": vehicle.pk}) for vehicle in vehicles
    )
    now = timezone.now()
    VehiclePosition.objects.bulk_create(
        VehiclePosition(
            vehicle=vehicle, latitude=57.7, longitude=11.9, recorded_at=now, updated_at=now
        )
        for vehicle in vehicles
    )


def test_the_api_tells_by_whom_it_is_asked(cast: Cast, client: Client) -> None:
    trip = cast.trip_in("en_route_pickup", scheduled_at=timezone.now() - timedelta(hours=1))
    now = timezone.now()
    stands(cast, FAR, now)
    update_etas(now)
    path = f"/api/trips/{trip.pk}/"
    dinas = client.get(path, headers=cast.headers(cast.dina)).json()
    assert dinas["risk"] == "late"
    assert dinas["lateness_s"] > 3600
    assert "behind pick-up" in dinas["why"]
    assert client.get(path, headers=cast.headers(cast.omar)).json()["why"] == dinas["why"]
    pias = client.get(path, headers=cast.headers(cast.pia)).json()
    assert (pias["eta"], pias["risk"], pias["why"]) == (dinas["eta"], "late", "")
    assert "Pia" not in dinas["why"]


def test_trips_are_filtered_by_risk(cast: Cast, client: Client) -> None:
    late = cast.trip_in("scheduled", scheduled_at=timezone.now() - timedelta(hours=1))
    risky = cast.trip_in("scheduled", scheduled_at=timezone.now() + timedelta(minutes=10))
    cast.trip_in("scheduled", scheduled_at=timezone.now() + timedelta(hours=3))
    update_etas()

    def found(risk: str) -> list[int]:
        answer = client.get(f"/api/trips/?risk={risk}", headers=cast.headers(cast.dina))
        return [trip["id"] for trip in answer.json()["results"]]

    assert found("late") == [late.pk]
    assert found("late,at_risk") == [late.pk, risky.pk]
    assert found("unknown") == []
    answer = client.get("/api/trips/?risk=awful", headers=cast.headers(cast.dina))
    assert answer.status_code == 400
    Trip.objects.filter(pk=late.pk).update(status=Status.CANCELLED)
    assert found("late") == []


def test_a_trip_of_another_driver_in_the_van_is_not_forgotten(cast: Cast) -> None:
    """The chain is the vehicle's, whoever drives."""
    first = cast.trip_in("en_route_pickup")
    second = cast.trip_in("assigned", scheduled_at=timezone.now() + timedelta(minutes=21))
    Trip.objects.filter(pk=second.pk).update(driver=Driver.objects.get(pk=cast.strange_driver.pk))
    stands(cast, FAR, timezone.now())
    update_etas()
    assert TripEta.objects.get(trip=second).why.startswith(f"after trip {first.pk}, ")


def test_screens_read_their_estimates_in_one_statement(cast: Cast) -> None:
    for status in ("en_route_pickup", "assigned", "scheduled"):
        cast.trip_in(status)
    update_etas()
    with CaptureQueriesContext(connection) as asked:
        rows = estimates._rows(None)
        assert len(estimates.texts(rows, Audience.DISPATCH)) == 3
        assert sorted(len(estimates.streams_of(row)) for row in rows) == [1, 2, 2]
    assert len(asked) == 1
