"""`POST /api/trips/{id}/status/`: taps that work, come twice, come late, or cannot be."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from tests.api.conftest import As
from tests.api.problems import the_problem
from tests.cast import Cast, event_names
from trips.models import Trip, TripEvent

pytestmark = pytest.mark.django_db


def tap(client: APIClient, trip: Trip | int, body: Any) -> Any:
    trip_id = trip if isinstance(trip, int) else trip.pk
    # Not by the test client's encoder, which refuses half characters itself.
    text, url = json.dumps(body), f"/api/trips/{trip_id}/status/"
    return client.post(url, text, content_type="application/json")


def test_omar_starts_and_gets_the_trip_with_what_he_may_do_next(cast: Cast, as_user: As) -> None:
    trip = cast.trip_in("dispatched")
    answer = tap(as_user(cast.omar), trip, {"action": "start"})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["status"], body["version"]) == ("en_route_pickup", trip.version + 1)
    assert [one["action"] for one in body["actions"]] == ["arrive_pickup", "pick_up", "undo"]


def test_an_action_that_is_not_possible_is_409_with_the_trip_as_it_is(
    cast: Cast, as_user: As
) -> None:
    trip = cast.trip_in("assigned")
    body = the_problem(tap(as_user(cast.omar), trip, {"action": "complete"}), 409)
    assert body["trip"]["status"] == "assigned"
    assert body["trip"]["version"] == trip.version
    assert event_names(trip)[-1] == "trip.assigned"


@pytest.mark.parametrize("version", [0, 2, 99])
def test_a_tap_on_another_version_is_409_and_changes_nothing(
    cast: Cast, as_user: As, version: int
) -> None:
    trip = cast.trip_in("assigned")
    body = {"action": "start", "expected_version": version}
    assert the_problem(tap(as_user(cast.omar), trip, body), 409)["trip"]["version"] == trip.version
    answer = tap(as_user(cast.omar), trip, {**body, "expected_version": trip.version})
    assert answer.status_code == 200


def test_the_same_tap_twice_is_one_event_and_one_answer(cast: Cast, as_user: As) -> None:
    trip = cast.trip_in("dispatched")
    body = {"action": "start", "client_event_id": "tap-1", "latitude": 57.7, "longitude": 11.9}
    first = tap(as_user(cast.omar), trip, body)
    tap(as_user(cast.omar), trip, {"action": "arrive_pickup"})
    again = tap(as_user(cast.omar), trip, body)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert event_names(trip)[-2:] == ["trip.en_route_pickup", "trip.arrived_pickup"]


@pytest.mark.parametrize(
    "change", [{"action": "arrive_pickup"}, {"latitude": 57.8}, {"reason": "another"}]
)
def test_the_same_tap_with_another_body_is_422(
    cast: Cast, as_user: As, change: dict[str, Any]
) -> None:
    trip = cast.trip_in("dispatched")
    body = {"action": "start", "client_event_id": "tap-1", "latitude": 57.7, "longitude": 11.9}
    tap(as_user(cast.omar), trip, body)
    the_problem(tap(as_user(cast.omar), trip, body | change), 422)
    assert event_names(trip)[-1] == "trip.en_route_pickup"


def test_the_same_tap_on_another_trip_is_422(cast: Cast, as_user: As) -> None:
    first, second = cast.trip_in("dispatched"), cast.trip_in("dispatched")
    body = {"action": "start", "client_event_id": "tap-1"}
    assert tap(as_user(cast.omar), first, body).status_code == 200
    the_problem(tap(as_user(cast.omar), second, body), 422)


def test_two_people_may_use_the_same_client_event_id(cast: Cast, as_user: As) -> None:
    first, second = cast.trip_in("dispatched"), cast.trip_in("requested")
    shared = {"client_event_id": "1"}
    assert tap(as_user(cast.omar), first, {"action": "start", **shared}).status_code == 200
    assert tap(as_user(cast.dina), second, {"action": "schedule", **shared}).status_code == 200


def test_a_list_of_taps_is_answered_one_by_one(cast: Cast, as_user: As) -> None:
    trip = cast.trip_in("dispatched")
    taps = [
        {"action": "start", "client_event_id": "a"},
        {"action": "schedule"},
        {"action": "dance"},
        "not a tap",
        {"action": "start", "client_event_id": "a"},
        {"action": "pick_up", "client_event_id": "b"},
        {"action": "pick_up", "client_event_id": "a"},
        {"action": "start"},
    ]
    answers = tap(as_user(cast.omar), trip, taps).json()
    assert [one["status"] for one in answers] == [200, 403, 400, 400, 200, 200, 422, 409]
    assert answers[4]["body"] == answers[0]["body"]
    assert all(one["body"]["status"] == one["status"] for one in answers if one["status"] > 200)
    assert answers[-1]["body"]["trip"]["status"] == "in_progress"
    arrived, picked_up = TripEvent.objects.filter(trip=trip).order_by("version").reverse()[:2][::-1]
    assert (arrived.event, arrived.inferred) == ("trip.arrived_pickup", True)
    assert (picked_up.event, picked_up.inferred) == ("trip.picked_up", False)


def test_a_list_is_done_in_the_order_of_the_phones_clock_and_answered_as_it_came(
    cast: Cast, as_user: As
) -> None:
    trip = cast.trip_in("dispatched")
    begin = timezone.now() - timedelta(hours=1)
    after = {"complete": 50, "pick_up": 20, "start": 0, "dance": 5, "arrive_dropoff": 45}
    taps = [
        {"action": action, "occurred_at": (begin + timedelta(minutes=minutes)).isoformat()}
        for action, minutes in after.items()
    ]
    answers = tap(as_user(cast.omar), trip, taps).json()
    assert [one["status"] for one in answers] == [200, 200, 200, 400, 200]
    assert [one["body"]["status"] for one in answers] == [
        *["completed", "in_progress", "en_route_pickup"],
        *[400, "arrived_dropoff"],
    ]
    assert event_names(trip)[-5:] == [
        "trip.en_route_pickup",
        "trip.arrived_pickup",  # inferred
        "trip.picked_up",
        "trip.arrived_dropoff",
        "trip.completed",
    ]


def test_a_tap_that_a_phone_kept_for_over_thirty_days_is_400(cast: Cast, as_user: As) -> None:
    trip = cast.trip_in("dispatched")
    at = (timezone.now() - timedelta(days=31)).isoformat()
    body = the_problem(tap(as_user(cast.omar), trip, {"action": "start", "occurred_at": at}), 400)
    assert "occurred_at" in body["errors"]


def test_a_late_fact_is_200_and_what_is_no_news_is_409_with_the_trip(
    cast: Cast, as_user: As
) -> None:
    begin = timezone.now() - timedelta(hours=1)
    trip = cast.tap(cast.trip_in("scheduled"), "assign", occurred_at=begin)
    trip = cast.tap(trip, "pick_up", cast.dina, reason="he called")
    arrived = {"action": "arrive_pickup", "occurred_at": (begin + timedelta(minutes=9)).isoformat()}
    answer = tap(as_user(cast.omar), trip, arrived)
    assert (answer.status_code, answer.json()["status"]) == (200, "in_progress")
    assert event_names(trip)[-1] == "trip.corrected"
    body = the_problem(tap(as_user(cast.omar), trip, arrived), 409)
    assert body["trip"]["version"] == trip.version + 1


def test_assigning_anew_what_somebody_assigned_needs_the_version_that_was_seen(
    cast: Cast, as_user: As
) -> None:
    trip = cast.trip_in("scheduled")
    assign = {"action": "assign", "driver_id": cast.driver.pk, "vehicle_id": cast.van.pk}
    assert tap(as_user(cast.dina), trip, assign).status_code == 200
    other = {
        "action": "assign",
        "driver_id": cast.strange_driver.pk,
        "vehicle_id": cast.spare_van.pk,
    }
    body = the_problem(tap(as_user(cast.dina), trip, other), 409)
    assert body["trip"]["driver"]["id"] == cast.driver.pk
    again = {**other, "expected_version": body["trip"]["version"]}
    assert tap(as_user(cast.dina), trip, again).json()["driver"]["id"] == cast.strange_driver.pk


def test_a_list_of_a_hundred_and_one_taps_is_refused_whole(cast: Cast, as_user: As) -> None:
    trip = cast.trip_in("dispatched")
    the_problem(tap(as_user(cast.omar), trip, [{"action": "start"}] * 101), 400)
    assert event_names(trip)[-1] == "trip.dispatched"


def test_an_empty_list_of_taps_is_answered_with_an_empty_list(cast: Cast, as_user: As) -> None:
    assert tap(as_user(cast.omar), cast.trip_in("assigned"), []).json() == []


BAD_TAPS: dict[str, Any] = {
    "no action": {},
    "an unknown action": {"action": "dance"},
    "an action that is a number": {"action": 7},
    "an action that is null": {"action": None},
    "an action that is a list": {"action": ["start"]},
    "latitude 91": {"action": "start", "latitude": 91, "longitude": 12},
    "longitude -181": {"action": "start", "latitude": 57, "longitude": -181},
    "latitude without longitude": {"action": "start", "latitude": 57},
    "a latitude in words": {"action": "start", "latitude": "north", "longitude": 12},
    "latitude 'nan'": {"action": "start", "latitude": "nan", "longitude": 12},
    "a date in words": {"action": "start", "occurred_at": "yesterday"},
    "a date far away": {"action": "start", "occurred_at": "0001-01-01T00:00:00+14:00"},
    "an unknown field": {"action": "start", "colour": "red"},
    "a version in words": {"action": "start", "expected_version": "old"},
    "a negative version": {"action": "start", "expected_version": -1},
    "an id of 65 characters": {"action": "start", "client_event_id": "x" * 65},
    "a NUL": {"action": "start", "client_event_id": "a\0b"},
    "a NUL in the reason": {"action": "start", "reason": "a\0b"},
    "half a character": {"action": "start", "reason": "\ud800"},
    "half a character in the id": {"action": "start", "client_event_id": "\ud800"},
    "an endless odometer": {"action": "start", "odometer": "Infinity"},
    "an odometer in words": {"action": "start", "odometer": "far"},
    "a string": "start",
    "a number": 5,
    "null": None,
    "true": True,
}


@pytest.mark.parametrize("body", BAD_TAPS.values(), ids=BAD_TAPS.keys())
def test_a_bad_tap_is_400_and_changes_nothing(cast: Cast, as_user: As, body: Any) -> None:
    trip = cast.trip_in("dispatched")
    the_problem(tap(as_user(cast.omar), trip, body), 400)
    assert event_names(trip)[-1] == "trip.dispatched"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b'{"action": NaN}', b"[" * 20_000, b'{"a": ' * 20_000]
)
def test_a_tap_that_is_not_json_is_400(cast: Cast, as_user: As, body: bytes) -> None:
    trip = cast.trip_in("dispatched")
    url = f"/api/trips/{trip.pk}/status/"
    the_problem(as_user(cast.omar).post(url, body, content_type="application/json"), 400)


def test_a_form_is_415(cast: Cast, as_user: As) -> None:
    url = f"/api/trips/{cast.trip_in('dispatched').pk}/status/"
    form = "application/x-www-form-urlencoded"
    the_problem(as_user(cast.omar).post(url, b"action=start", content_type=form), 415)


def test_the_dispatcher_must_say_why_she_drives_for_omar(cast: Cast, as_user: As) -> None:
    trip = cast.trip_in("dispatched")
    body = the_problem(tap(as_user(cast.dina), trip, {"action": "start"}), 400)
    assert "reason" in body["errors"]
    reason = {"action": "start", "reason": "his phone is broken"}
    assert tap(as_user(cast.dina), trip, reason).status_code == 200


@pytest.mark.parametrize("field", ["driver_id", "vehicle_id"])
@pytest.mark.parametrize("value", [999_999, 2**62])
def test_assigning_who_is_not_there_is_400(cast: Cast, as_user: As, field: str, value: int) -> None:
    trip = cast.trip_in("scheduled")
    body = {"action": "assign", "driver_id": cast.driver.pk, "vehicle_id": cast.van.pk}
    assert field in the_problem(tap(as_user(cast.dina), trip, body | {field: value}), 400)["errors"]


def test_a_tap_from_the_future_happened_now(cast: Cast, as_user: As) -> None:
    trip = cast.trip_in("dispatched")
    body = {"action": "start", "occurred_at": "2999-01-01T00:00:00Z"}
    assert tap(as_user(cast.omar), trip, body).status_code == 200
    event = TripEvent.objects.filter(trip=trip).latest("version")
    assert event.occurred_at == event.recorded_at
