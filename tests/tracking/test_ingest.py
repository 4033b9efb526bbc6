"""The GPS door over real daphne: what is kept, for whom, and what 2xx promises."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.api.problems import the_problem
from tests.cast import Cast
from tests.tracking.door import HERE, Door, fix, kept, marker, track
from trips.lifecycle import Status
from trips.models import Assignment, Device, GpsFix, QuarantinedFix, Shift, Trip, VehiclePosition

pytestmark = pytest.mark.django_db(transaction=True)
NOTHING_WRONG = {"duplicates": 0, "quarantined": []}


def since_an_hour(trip: Trip) -> Trip:
    """Omar has the trip for an hour already, so that his track of the last minutes is its."""
    an_hour_ago = timezone.now() - timedelta(hours=1)
    Assignment.objects.filter(trip=trip).update(started_at=an_hour_ago)
    return trip


def test_one_fix_is_kept_with_trip_driver_and_vehicle(cast: Cast, door: Door) -> None:
    trip = cast.trip_in("in_progress")
    full = {"speed": 9.5, "heading": 270, "accuracy": 4.5, "altitude": 12, "battery": 0.5}
    answer = door.post(trip, fix(**full, id="a-1"))
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1, **NOTHING_WRONG})
    [row] = kept()
    assert (row.trip_id, row.driver_id, row.vehicle_id) == (trip.pk, cast.driver.pk, cast.van.pk)
    assert (row.speed_mps, row.heading_deg, row.accuracy_m, row.altitude_m) == (9.5, 270, 4.5, 12)
    assert (row.battery, row.client_id, row.verdict) == (0.5, "a-1", "kept")
    position = marker()
    assert (position.latitude, position.driver_id) == (row.latitude, cast.driver.pk)


@pytest.mark.parametrize("wrap", [list, lambda fixes: {"fixes": fixes}], ids=["list", "fixes"])
def test_a_list_is_kept_whole(cast: Cast, door: Door, wrap: Any) -> None:
    trip = since_an_hour(cast.trip_in("in_progress"))
    answer = door.post(trip, wrap(track(1_000)))
    assert answer.json() == {"accepted": 1_000, **NOTHING_WRONG}
    assert GpsFix.objects.filter(trip=trip).count() == 1_000


def test_a_fix_without_a_time_is_of_now(cast: Cast, door: Door) -> None:
    before = timezone.now()
    assert door.post(cast.trip_in("in_progress"), HERE).status_code == 202
    [row] = kept()
    assert before <= row.recorded_at <= timezone.now()


def test_unix_seconds_and_iso_are_the_same_time(cast: Cast, door: Door) -> None:
    trip = cast.trip_in("in_progress")
    at = int(timezone.now().timestamp()) - 60
    assert door.post(trip, {**HERE, "recorded_at": at}).json()["accepted"] == 1
    iso = timezone.now().fromtimestamp(at, timezone.get_current_timezone()).isoformat()
    assert door.post(trip, {**HERE, "recorded_at": iso}).json()["duplicates"] == 1


def test_the_same_fixes_again_are_counted_and_not_kept(cast: Cast, door: Door) -> None:
    trip = cast.trip_in("in_progress")
    fixes = track(20)
    door.post(trip, fixes[:15])
    answer = door.post(trip, fixes)
    assert answer.json() == {"accepted": 5, "duplicates": 15, "quarantined": []}
    assert GpsFix.objects.count() == 20


def test_a_fix_twice_in_one_list_is_one(cast: Cast, door: Door) -> None:
    one = fix(5)
    answer = door.post(cast.trip_in("in_progress"), [one, one, one])
    assert answer.json() == {"accepted": 1, "duplicates": 2, "quarantined": []}


def test_the_phones_own_id_makes_a_duplicate_of_another_place(cast: Cast, door: Door) -> None:
    trip = cast.trip_in("in_progress")
    one = fix(5, id="fix-7")
    assert door.post(trip, one).json()["accepted"] == 1
    again = door.post(trip, {**one, "latitude": one["latitude"] + 1e-5})
    assert again.json() == {"accepted": 0, "duplicates": 1, "quarantined": []}


def test_a_duplicate_of_weeks_ago_is_found(cast: Cast, door: Door) -> None:
    trip, old = cast.trip_in("in_progress"), fix(29 * 86_400)
    Shift.objects.update(starts_at=timezone.now() - timedelta(days=30))
    assert door.post(trip, old).json()["accepted"] == 1
    assert door.post(trip, old).json()["duplicates"] == 1


def test_bad_ones_in_a_list_are_quarantined_with_their_reasons(cast: Cast, door: Door) -> None:
    trip = cast.trip_in("in_progress")
    fixes = [
        fix(9),
        {**fix(8), "latitude": 91},
        {"latitude": 57.7},
        "here",
        {**fix(5), "longitude": "east"},
        {**fix(4), "recorded_at": "yesterday"},
        {**fix(3), "colour": "red"},
        fix(40 * 86_400),
        fix(-2 * 86_400),
        {**fix(2), "latitude": 0, "longitude": 0},
        fix(1),
    ]
    answer = door.post(trip, fixes)
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 2
    reasons = {one["index"]: one["reason"] for one in answer.json()["quarantined"]}
    assert reasons == {
        1: "bad_latitude",
        2: "malformed",
        3: "malformed",
        4: "malformed",
        5: "bad_time",
        6: "malformed",
        7: "outside_window",
        8: "outside_window",
        9: "null_island",
    }
    stored = QuarantinedFix.objects.order_by("pk")
    assert [row.reason for row in stored] == list(reasons.values())
    assert {row.trip_id for row in stored} == {trip.pk}
    assert b'"here"' in {bytes(row.raw) for row in stored}


def test_nan_and_nul_are_kept_as_they_came_in_quarantine(cast: Cast, door: Door) -> None:
    trip = cast.trip_in("in_progress")
    text = b'[{"latitude": NaN, "longitude": 12}, {"latitude": 57.7, "id": "\\u0000"}]'
    answer = door.send(trip, text)
    assert answer.status_code == 202
    assert [one["index"] for one in answer.json()["quarantined"]] == [0, 1]
    assert QuarantinedFix.objects.count() == 2


def test_the_same_bad_fix_again_is_quarantined_once(cast: Cast, door: Door) -> None:
    trip = cast.trip_in("in_progress")
    for _ in range(2):
        door.post(trip, [{"latitude": 91, "longitude": 12}])
    assert QuarantinedFix.objects.count() == 1


def test_a_trip_that_omar_had_takes_fixes_in_every_state(
    cast: Cast, door: Door, subtests: pytest.Subtests
) -> None:
    for status in Status:
        trip = cast.trip_in(status)
        had_it = Assignment.objects.filter(trip=trip, driver=cast.driver).exists()
        with subtests.test(str(status)):
            assert door.post(trip, fix()).status_code == (202 if had_it else 404)


def test_a_completed_trip_still_accepts_what_is_late(cast: Cast, door: Door) -> None:
    trip = since_an_hour(cast.trip_in("completed"))
    assert door.post(trip, track(60)).json()["accepted"] == 60
    assert {row.trip_id for row in kept()} == {trip.pk}


def test_a_fix_outside_the_assignment_is_kept_for_no_trip(cast: Cast, door: Door) -> None:
    trip = cast.trip_in("in_progress")
    assert door.post(trip, [fix(3_600), fix(0)]).json()["accepted"] == 2
    assert [row.trip_id for row in kept()] == [None, trip.pk]


def test_who_had_the_trip_once_may_still_deliver_his_part(cast: Cast, door: Door) -> None:
    trip = since_an_hour(cast.trip_in("assigned"))
    five_minutes_ago = timezone.now() - timedelta(minutes=5)
    cast.tap(trip, "unassign", reason="flat tyre", occurred_at=five_minutes_ago)
    answer = door.post(trip, [fix(9 * 60), fix(60)])
    assert answer.json()["accepted"] == 2
    assert [row.trip_id for row in kept()] == [trip.pk, None]


def test_a_foreign_trip_and_an_absent_one_differ_in_no_byte(cast: Cast, door: Door) -> None:
    trip = cast.trip_in("in_progress")
    foreign, absent = door.post(trip, fix(), cast.eve), door.post(987_654_321, fix(), cast.eve)
    the_problem(foreign, 404)
    assert foreign.content == absent.content
    assert foreign.headers["content-type"] == absent.headers["content-type"]
    assert not kept()


def test_only_drivers_post_fixes(cast: Cast, door: Door, subtests: pytest.Subtests) -> None:
    trip = cast.trip_in("in_progress")
    for user in (cast.dina, cast.ada, cast.bea, cast.pia, cast.hugo):
        with subtests.test(user.username):
            the_problem(door.post(trip, fix(), user), 404)
    assert not kept()


def test_a_late_fix_is_kept_and_the_marker_stays(cast: Cast, door: Door) -> None:
    trip = since_an_hour(cast.trip_in("in_progress"))
    assert door.post(trip, fix(0)).status_code == 202
    before = marker().recorded_at
    assert door.post(trip, track(60)).status_code == 202
    assert marker().recorded_at == before
    assert {row.verdict for row in kept()} == {"kept", "late"}


def test_a_fix_from_the_future_is_kept_and_never_moves_the_marker(cast: Cast, door: Door) -> None:
    trip = cast.trip_in("in_progress")
    assert door.post(trip, fix(-3_600)).json()["accepted"] == 1
    assert kept()[0].verdict == "future"
    assert not VehiclePosition.objects.exists()
    assert door.post(trip, fix(0)).json()["accepted"] == 1
    assert marker().recorded_at <= timezone.now()


def test_one_impossible_jump_is_not_believed(cast: Cast, door: Door) -> None:
    trip = cast.trip_in("in_progress")
    assert door.post(trip, fix(10)).json()["accepted"] == 1
    answer = door.post(trip, [fix(5, latitude=58.5), fix(0)])
    assert answer.json()["quarantined"] == [{"index": 0, "reason": "impossible_speed"}]
    assert answer.json()["accepted"] == 1


def test_the_first_fix_makes_omars_phone_known(cast: Cast, door: Door) -> None:
    assert not Device.objects.filter(driver=cast.driver).exists()
    door.post(cast.trip_in("in_progress"), fix())
    device = Device.objects.get(driver=cast.driver)
    assert kept()[0].device_id == device.pk
