"""Where an event was: its own position, or the vehicle's nearest fix with its age."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.cast import DROPOFF, PICKUP, Cast
from tests.evidence.rides import DEPOT, begins, marker, report, ride
from trips.evidence.position import NEAREST_WITHIN, nearest
from trips.models import Trip, TripEvent
from trips.tracking.geo import distance_m

pytestmark = pytest.mark.django_db

SOMEWHERE = (57.7000, 11.9700)


def newest(trip: Trip) -> TripEvent:
    return TripEvent.objects.filter(trip=trip).latest("version")


def test_a_tap_keeps_its_own_position(cast: Cast) -> None:
    marker(cast.van, timezone.now(), DEPOT)
    trip = cast.trip_in("dispatched")
    trip = cast.tap(trip, "start", latitude=SOMEWHERE[0], longitude=SOMEWHERE[1])
    event = newest(trip)
    assert (event.latitude, event.longitude) == SOMEWHERE
    assert (event.position_source, event.position_age_s) == ("tap", 0)
    assert event.stop_distance_m == pytest.approx(distance_m(*SOMEWHERE, *PICKUP))


def test_a_dispatchers_tap_gets_the_vehicles_nearest_fix_and_how_old_it_is(cast: Cast) -> None:
    trip = cast.trip_in("dispatched")
    marker(cast.van, timezone.now() - timedelta(seconds=90), DEPOT)
    event = newest(cast.tap(trip, "arrive_pickup", cast.dina, reason="by phone"))
    assert (event.latitude, event.longitude) == DEPOT
    assert event.position_source == "fix"
    assert event.position_age_s == pytest.approx(90, abs=5)
    assert event.stop_distance_m == pytest.approx(distance_m(*DEPOT, *PICKUP))


def test_without_a_vehicle_or_with_an_old_fix_alone_an_event_has_no_place(cast: Cast) -> None:
    marker(cast.van, timezone.now() - NEAREST_WITHIN - timedelta(seconds=5), DEPOT)
    trip = cast.trip_in("assigned")
    for event in TripEvent.objects.filter(trip=trip):
        assert event.latitude is event.position_age_s is event.stop_distance_m is None
        assert event.position_source == ""


@pytest.mark.parametrize(
    ("off_s", "place"), [(-40, 40.0), (0, 0.0), (29, -29.0), (31, 29.0), (100, 0.0)]
)
def test_what_came_late_gets_the_fix_of_its_own_time_before_or_after(
    cast: Cast, off_s: int, place: float
) -> None:
    begin = timezone.now() - timedelta(hours=1)
    seen = [(begin + timedelta(seconds=s), 57.7 + s / 1e5, 11.97) for s in (0, 60, 100)]
    report(cast.van, seen, device_id=cast.tracker.pk)
    marker(cast.van, timezone.now(), DEPOT)
    at = begin + timedelta(seconds=off_s)
    found = nearest(cast.van.pk, cast.driver.pk, at)
    assert found is not None
    assert (found.at - at).total_seconds() == pytest.approx(place)
    assert distance_m(found.latitude, found.longitude, *DEPOT) > 100


def test_the_phone_of_its_driver_tells_as_well_where_a_vehicle_was(cast: Cast) -> None:
    phone = cast.driver.device if hasattr(cast.driver, "device") else None
    if phone is None:
        from trips.models import Device

        phone = Device.objects.create(driver=cast.driver)
    at = timezone.now() - timedelta(hours=1)
    report(cast.van, [(at, *SOMEWHERE)], device_id=phone.pk)
    report(cast.spare_van, [(at, *DROPOFF)], device_id=cast.tracker.pk)
    marker(cast.van, timezone.now(), DEPOT)
    found = nearest(cast.van.pk, cast.driver.pk, at)
    assert found == (*SOMEWHERE, at)


def test_fixes_too_far_away_in_time_or_not_believed_say_nothing(cast: Cast) -> None:
    at = timezone.now() - timedelta(hours=1)
    marker(cast.van, timezone.now(), DEPOT)
    beyond = NEAREST_WITHIN + timedelta(seconds=1)
    report(cast.van, [(at - beyond, *DEPOT), (at + beyond, *DEPOT)], device_id=cast.tracker.pk)
    report(cast.van, [(at, *DEPOT)], device_id=cast.tracker.pk, verdict="future")
    assert nearest(cast.van.pk, cast.driver.pk, at) is None


def test_the_stop_is_the_pickup_until_it_is_done_and_then_the_dropoff(cast: Cast) -> None:
    begin = begins()
    every_minute: list[tuple[datetime, float, float]] = [
        (begin + timedelta(minutes=minute), *PICKUP) for minute in range(30)
    ]
    report(cast.van, every_minute, device_id=cast.tracker.pk)
    marker(cast.van, timezone.now(), DEPOT)
    events = TripEvent.objects.filter(trip=ride(cast, begin)).order_by("version")
    far = pytest.approx(distance_m(*PICKUP, *DROPOFF))
    assert {event.event: event.stop_distance_m for event in events} == {
        "trip.requested": None,
        "trip.scheduled": None,
        "trip.assigned": 0,
        "trip.dispatched": 0,
        "trip.en_route_pickup": 0,
        "trip.arrived_pickup": 0,
        "trip.picked_up": 0,
        "trip.arrived_dropoff": far,
        "trip.completed": far,
    }


def test_a_place_costs_one_statement_now_and_two_for_what_came_late(cast: Cast) -> None:
    now = timezone.now()
    report(cast.van, [(now - timedelta(hours=1), *DEPOT)], device_id=cast.tracker.pk)
    marker(cast.van, now, DEPOT)
    for at, statements in ((now, 1), (now - timedelta(hours=1), 2)):
        with CaptureQueriesContext(connection) as done:
            assert nearest(cast.van.pk, cast.driver.pk, at) is not None
        assert len(done) == statements
