"""A driver's phone is listened to on duty only; a vehicle's tracker always."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone

from tests.cast import Cast
from tests.fixtures_processes import wait_until
from tests.tracking.door import Door, fix, kept
from trips.models import Alert, GpsFix, QuarantinedFix, Shift, VehiclePosition

pytestmark = pytest.mark.django_db(transaction=True)

OFF = {"index": 0, "reason": "off_shift"}


def go_home(cast: Cast, minutes_ago: float = 5) -> None:
    """Omar's shift ended a while ago; each server process knows it within a second."""
    at = timezone.now() - timedelta(minutes=minutes_ago)
    Shift.objects.filter(driver=cast.driver).update(ends_at=at)
    time.sleep(1.1)


def test_off_duty_nothing_is_kept_and_the_phone_is_told(cast: Cast, door: Door) -> None:
    trip = cast.trip_in("assigned")
    go_home(cast)
    answer = door.post(trip, fix())
    assert (answer.status_code, answer.json()) == (
        202,
        {"accepted": 0, "duplicates": 0, "quarantined": [OFF]},
    )
    assert not GpsFix.objects.exists()
    assert not QuarantinedFix.objects.exists()
    assert not VehiclePosition.objects.exists()


def test_not_even_a_doubtful_position_is_kept_off_duty(cast: Cast, door: Door) -> None:
    trip = cast.trip_in("assigned")
    go_home(cast)
    doubtful: list[Any] = [
        {**fix(), "latitude": 0, "longitude": 0},
        {**fix(), "accuracy": 9_000},
        {"latitude": 57.7},
        fix(-2 * 86_400),
        fix(40 * 86_400),
    ]
    reasons = [one["reason"] for one in door.post(trip, doubtful).json()["quarantined"]]
    assert reasons == ["off_shift"] * 5
    assert not QuarantinedFix.objects.exists()


def test_what_was_recorded_on_duty_is_kept_though_it_comes_later(cast: Cast, door: Door) -> None:
    trip = cast.trip_in("assigned")
    go_home(cast, minutes_ago=5)
    answer = door.post(trip, [fix(600), fix(60), fix(320), fix(280)]).json()
    assert answer["accepted"] == 2
    assert [one["index"] for one in answer["quarantined"]] == [1, 3]
    assert {row.vehicle_id for row in kept()} == {cast.van.pk}


def test_what_was_recorded_before_the_shift_is_not(cast: Cast, door: Door) -> None:
    trip = cast.trip_in("assigned")
    began = timezone.now() - timedelta(seconds=30)
    Shift.objects.filter(driver=cast.driver).update(starts_at=began)
    time.sleep(1.1)
    answer = door.post(trip, [fix(40), fix(20)]).json()
    assert (answer["accepted"], answer["quarantined"]) == (1, [OFF])


def test_a_shift_that_is_only_planned_takes_no_position(cast: Cast, door: Door) -> None:
    trip = cast.trip_in("assigned")
    until = timezone.now() + timedelta(hours=1)
    Shift.objects.filter(driver=cast.driver).update(planned=True, ends_at=until)
    time.sleep(1.1)
    assert door.post(trip, fix()).json()["quarantined"] == [OFF]


def test_any_phone_app_gets_its_2xx_off_duty(cast: Cast, http: httpx.Client) -> None:
    token = cast.token(cast.omar)
    go_home(cast)
    form = {"id": token, "lat": "57.7", "lon": "11.9", "timestamp": int(time.time())}
    assert http.post("/api/gps/", data=form).status_code == 200
    own = {"_type": "location", "lat": 57.7, "lon": 11.9, "tst": int(time.time())}
    answer = http.post("/api/gps/", json=own, auth=("omar", token))
    assert (answer.status_code, answer.json()) == (200, [])
    assert not GpsFix.objects.exists()
    assert not QuarantinedFix.objects.exists()


def test_the_vehicles_own_tracker_is_heard_off_duty_too(cast: Cast, http: httpx.Client) -> None:
    go_home(cast)
    answer = http.post(f"/api/gps/{cast.tracker_token}/", json=fix())
    assert answer.json()["accepted"] == 1
    [row] = kept()
    assert (row.vehicle_id, row.driver_id) == (cast.van.pk, None)
    wait_until(VehiclePosition.objects.exists, 5, "the marker")


def test_off_duty_only_a_call_for_help_is_an_alarm(cast: Cast, http: httpx.Client) -> None:
    token = cast.token(cast.omar)
    go_home(cast)
    place = {"id": token, "lat": "57.7", "lon": "11.9", "timestamp": int(time.time())}
    assert http.post("/api/gps/", data={**place, "alarm": "lowBattery"}).status_code == 200
    assert not Alert.objects.exists()
    assert http.post("/api/gps/", data={**place, "alarm": "sos"}).status_code == 200
    alert = Alert.objects.get()
    assert (alert.driver, alert.latitude) == (cast.driver, 57.7)
