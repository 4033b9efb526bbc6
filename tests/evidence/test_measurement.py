"""What a completed trip measures, and what late data changes about it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.cast import DROPOFF, PICKUP, Cast, event_names
from tests.evidence.rides import (
    ARRIVED,
    DEPOT,
    begins,
    loaded_way,
    report,
    ride,
    unloaded_way,
)
from tests.held_broker import HeldBroker
from tests.threads import at_once
from trips import tasks
from trips.dispatch.travel import road_distance_m
from trips.evidence.late import mark_stale, measure_stale
from trips.evidence.measurement import FEWEST_FIXES, NotCompleted, measure, measure_completed_trip
from trips.models import GpsFix, TrackSeal, Trip, TripEvent, TripMeasurement
from trips.tracking.geo import distance_m
from trips.tracking.retention import _seal

pytestmark = pytest.mark.django_db

LOADED_M = distance_m(*PICKUP, *DROPOFF)
UNLOADED_M = distance_m(*DEPOT, *PICKUP)


def test_loaded_and_unloaded_metres_and_the_wait_of_a_ride(cast: Cast) -> None:
    begin = begins()
    trip = ride(cast, begin)
    report(cast.van, unloaded_way(begin) + loaded_way(begin), device_id=cast.tracker.pk, trip=trip)
    found = measure(trip.pk)
    assert found.loaded_distance_m == pytest.approx(LOADED_M, rel=0.02)
    assert found.unloaded_distance_m == pytest.approx(UNLOADED_M, rel=0.02)
    assert found.wait_s == pytest.approx(3 * 60)  # agreed for minute 12, picked up in minute 15
    assert (found.source, found.fixes, found.coverage) == ("gps", 121, 1.0)
    assert (found.gaps, found.longest_gap_s, found.revision) == ([], 0.0, 1)
    assert found.planned_distance_m == pytest.approx(road_distance_m(PICKUP, DROPOFF))


def test_it_is_computed_once_and_read_afterwards(cast: Cast) -> None:
    trip = ride(cast)
    event = TripEvent.objects.get(trip=trip, event="trip.completed")
    measure_completed_trip(event.pk)
    first = TripMeasurement.objects.values().get(trip=trip)
    measure_completed_trip(event.pk)
    assert measure(trip.pk).computed_at == first["computed_at"]
    assert TripMeasurement.objects.values().get(trip=trip) == first


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_at_once_get_one_measurement(cast: Cast, held_broker: HeldBroker) -> None:
    trip = ride(cast)
    first, second = at_once(lambda: measure(trip.pk).computed_at, 2)
    assert first == second
    assert TripMeasurement.objects.count() == 1


@pytest.mark.parametrize("status", ["requested", "in_progress", "cancelled"])
def test_what_is_not_completed_has_no_measurement(cast: Cast, status: str) -> None:
    with pytest.raises(NotCompleted):
        measure(cast.trip_in(status).pk)
    with pytest.raises(NotCompleted):
        measure(987_654_321)


def test_without_a_track_the_planned_way_stands_in_and_says_so(cast: Cast) -> None:
    begin = begins()
    trip = ride(cast, begin)
    few = loaded_way(begin)[: FEWEST_FIXES - 1]
    report(cast.van, few, device_id=cast.tracker.pk, trip=trip)
    found = measure(trip.pk)
    assert (found.source, found.fixes) == ("estimate", FEWEST_FIXES - 1)
    assert found.loaded_distance_m == found.planned_distance_m
    assert found.unloaded_distance_m is None
    assert found.coverage < 0.05


def test_three_mileages_stand_side_by_side(cast: Cast) -> None:
    begin = begins()
    trip = ride(cast, begin)
    trip.odometer_start_mi, trip.odometer_end_mi = Decimal("100.0"), Decimal("102.5")
    trip.save()
    report(cast.van, loaded_way(begin), device_id=cast.tracker.pk, trip=trip)
    found = measure(trip.pk)
    assert found.odometer_distance_m == pytest.approx(2.5 * 1_609.344)
    smallest, largest = LOADED_M, 2.5 * 1_609.344
    assert found.variance == pytest.approx((largest - smallest) / largest, rel=0.02)


def test_a_silence_is_a_gap_with_its_times_and_costs_coverage(cast: Cast) -> None:
    begin = begins()
    trip = ride(cast, begin)
    silent = (begin + timedelta(minutes=17), begin + timedelta(minutes=22))
    heard = [row for row in loaded_way(begin) if not silent[0] < row[0] < silent[1]]
    report(cast.van, heard, device_id=cast.tracker.pk, trip=trip)
    found = measure(trip.pk)
    assert found.gaps == [[silent[0].timestamp(), silent[1].timestamp()]]
    assert found.longest_gap_s == pytest.approx(300)
    assert found.coverage == pytest.approx(0.5)
    assert LOADED_M < found.loaded_distance_m < 1.3 * LOADED_M


def test_only_believed_fixes_of_its_own_time_count(cast: Cast) -> None:
    begin = begins()
    trip = ride(cast, begin)
    report(cast.van, loaded_way(begin), device_id=cast.tracker.pk, trip=trip)
    far = [(begin + timedelta(minutes=minute), 58.0, 12.0) for minute in (3, 18, 40)]
    report(cast.van, far[:1] + far[2:], device_id=cast.tracker.pk, trip=trip)
    report(cast.van, far[1:2], device_id=cast.tracker.pk, trip=trip, verdict="future")
    found = measure(trip.pk)
    assert found.fixes == 121
    assert found.loaded_distance_m == pytest.approx(LOADED_M, rel=0.02)


def test_a_phone_whose_clock_is_off_counts_by_its_true_time(cast: Cast) -> None:
    begin = begins()
    trip = ride(cast, begin)
    ahead = timedelta(hours=3)
    report(cast.van, loaded_way(begin), device_id=cast.tracker.pk, trip=trip, clock_ahead=ahead)
    assert measure(trip.pk).fixes == 121


def test_of_two_patients_aboard_both_are_measured_though_a_fix_names_one_trip(cast: Cast) -> None:
    begin = begins()
    first, second = ride(cast, begin), ride(cast, begin)
    report(cast.van, loaded_way(begin), device_id=cast.tracker.pk, trip=second)
    for trip in (first, second):
        assert measure(trip.pk).loaded_distance_m == pytest.approx(LOADED_M, rel=0.02)


def test_another_vehicles_fixes_do_not_count_before_it_has_the_trip(cast: Cast) -> None:
    begin = begins()
    trip = ride(cast, begin)
    report(cast.spare_van, loaded_way(begin), device_id=cast.tracker.pk)
    assert measure(trip.pk).source == "estimate"


def test_after_a_transfer_each_vehicle_counts_for_its_part(cast: Cast) -> None:
    begin = begins()
    trip = ride(cast, begin)
    middle = begin + timedelta(minutes=20)
    held = trip.assignments.get()
    held.ended_at = middle
    held.save()
    trip.assignments.create(driver=cast.strange_driver, vehicle=cast.spare_van, started_at=middle)
    other = cast.spare_van.devices.create(name="tracker")
    whole = loaded_way(begin)
    report(cast.van, [row for row in whole if row[0] <= middle], device_id=cast.tracker.pk)
    report(cast.spare_van, [row for row in whole if row[0] > middle], device_id=other.pk)
    found = measure(trip.pk)
    assert found.fixes > 115
    assert found.coverage == 1.0
    assert found.loaded_distance_m == pytest.approx(LOADED_M, rel=0.02)


def test_once_the_raw_points_are_gone_the_sealed_track_speaks(cast: Cast) -> None:
    begin = begins()
    trip = ride(cast, begin)
    report(cast.van, unloaded_way(begin) + loaded_way(begin), device_id=cast.tracker.pk, trip=trip)
    for day in sorted({at.date() for at in GpsFix.objects.values_list("recorded_at", flat=True)}):
        _seal(f"trips_gpsfix_{day:%Y%m%d}", day, trip.pk)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE trips_gpsfix")
    assert TrackSeal.objects.filter(trip=trip).exists()
    found = measure(trip.pk)
    assert found.source == "seal"
    assert found.loaded_distance_m == pytest.approx(LOADED_M, rel=0.02)
    assert found.unloaded_distance_m == pytest.approx(UNLOADED_M, rel=0.02)


# --- late data


def stale(trip: Trip) -> bool:
    return TripMeasurement.objects.values_list("is_stale", flat=True).get(trip=trip)


def measured_long_ago(trip: Trip) -> TripMeasurement:
    """Measured as soon as it was completed, which is a while ago."""
    found = measure(trip.pk)
    TripMeasurement.objects.filter(trip=trip).update(
        computed_at=timezone.now() - timedelta(minutes=10)
    )
    mark_stale()
    return found


def test_a_backlog_that_arrives_after_completion_measures_again_and_says_so(cast: Cast) -> None:
    begin = begins()
    trip = ride(cast, begin)
    estimated = measured_long_ago(trip)
    report(
        cast.van,
        loaded_way(begin),
        device_id=cast.tracker.pk,
        trip=trip,
        received_at=timezone.now(),
    )
    assert (mark_stale(), measure_stale()) == (1, 1)
    found = TripMeasurement.objects.get(trip=trip)
    assert (found.source, found.revision, found.is_stale) == ("gps", 2, False)
    assert found.loaded_distance_m == pytest.approx(LOADED_M, rel=0.02)
    event = TripEvent.objects.get(trip=trip, event="trip.remeasured")
    assert event.status == event.previous_status == "completed"
    assert event.latitude is None
    assert event.data["old"]["loaded_distance_m"] == round(estimated.loaded_distance_m, 1)
    assert event.data["new"]["loaded_distance_m"] == round(found.loaded_distance_m, 1)
    trip.refresh_from_db()
    assert (trip.version, trip.status) == (event.version, "completed")


def test_a_backlog_of_the_vehicle_counts_for_the_trip_that_it_does_not_name(cast: Cast) -> None:
    begin = begins()
    trip = ride(cast, begin)
    measured_long_ago(trip)
    report(cast.van, loaded_way(begin), device_id=cast.tracker.pk, received_at=timezone.now())
    assert (mark_stale(), measure_stale()) == (1, 1)
    assert event_names(trip)[-1] == "trip.remeasured"


def test_late_fixes_that_change_nothing_to_speak_of_leave_numbers_and_story_alone(
    cast: Cast,
) -> None:
    begin = begins()
    trip = ride(cast, begin)
    whole = loaded_way(begin)
    report(cast.van, whole[::2], device_id=cast.tracker.pk, trip=trip)
    before = measured_long_ago(trip)
    report(cast.van, whole[1::2], device_id=cast.tracker.pk, trip=trip, received_at=timezone.now())
    assert (mark_stale(), measure_stale()) == (1, 1)
    after = TripMeasurement.objects.get(trip=trip)
    assert after.loaded_distance_m == before.loaded_distance_m
    assert (after.revision, after.is_stale) == (1, False)
    assert after.computed_at > before.computed_at
    assert event_names(trip)[-1] == "trip.completed"


def test_fixes_of_now_touch_no_trip_of_the_past(cast: Cast) -> None:
    trip = ride(cast)
    measured_long_ago(trip)
    now = timezone.now()
    report(cast.van, [(now, *PICKUP)], device_id=cast.tracker.pk)
    strange = [(trip.picked_up_at or now, *PICKUP)]
    report(cast.spare_van, strange, device_id=cast.tracker.pk, received_at=now)
    assert mark_stale() == 0
    assert not stale(trip)


def test_a_late_tap_after_completion_is_measured_as_well(cast: Cast) -> None:
    begin = begins()
    trip = cast.trip_in("dispatched", scheduled_at=begin)
    trip = cast.tap(trip, "pick_up", cast.dina, reason="no coverage")
    trip = cast.tap(trip, "complete", cast.dina, reason="no coverage")
    assert measure(trip.pk).wait_s == 0
    assigned = trip.assignments.get()
    assigned.started_at = begin
    assigned.save()
    arrived_at = begin + timedelta(minutes=ARRIVED)
    cast.tap(trip, "arrive_pickup", occurred_at=arrived_at)
    assert stale(trip)
    tasks.measure_late_data()
    assert not stale(trip)
    trip.refresh_from_db()
    assert trip.picked_up_at
    waited = (trip.picked_up_at - arrived_at).total_seconds()
    assert TripMeasurement.objects.get(trip=trip).wait_s == pytest.approx(waited)
    assert event_names(trip)[-2:] == ["trip.corrected", "trip.remeasured"]


def test_who_asks_for_a_stale_measurement_gets_it_up_to_date(cast: Cast) -> None:
    begin = begins()
    trip = ride(cast, begin)
    measured_long_ago(trip)
    report(
        cast.van,
        loaded_way(begin),
        device_id=cast.tracker.pk,
        trip=trip,
        received_at=timezone.now(),
    )
    mark_stale()
    assert measure(trip.pk).source == "gps"
    assert not stale(trip)


def test_a_trip_that_cannot_be_measured_does_not_hold_up_the_others(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = ride(cast), ride(cast)
    for trip in (first, second):
        measure(trip.pk)
    TripMeasurement.objects.update(is_stale=True)
    Trip.objects.filter(pk=first.pk).update(dropped_off_at=None)
    assert measure_stale() == 1
    assert (stale(first), stale(second)) == (True, False)


def test_looking_for_late_data_reads_arrivals_by_their_index(cast: Cast) -> None:
    report(cast.van, [(timezone.now(), *PICKUP)], device_id=cast.tracker.pk)
    with CaptureQueriesContext(connection) as done:
        mark_stale()
    sql = next(query["sql"] for query in done if "WITH late" in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {sql}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "received_at_idx" in plan
