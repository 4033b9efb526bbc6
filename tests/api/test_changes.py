"""`PATCH /api/trips/{id}/`, and parking a return leg: who may, when, and what the story says."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from tests.api.conftest import As
from tests.api.problems import the_problem
from tests.cast import DROPOFF, PICKUP, Cast, event_names
from tests.services.invariants import check, footprint, shown
from trips.changes import FIELDS, changeable
from trips.events.streams import user_stream
from trips.lifecycle import Actor, Status
from trips.models import Trip, TripEvent

pytestmark = pytest.mark.django_db
HARBOUR = {"address": "Harbour Street 3", "latitude": 57.69, "longitude": 11.95}


def patch(client: APIClient, trip: Trip, body: Any, version: int | None = None) -> Any:
    """A change of the trip as it is now, unless another version is said."""
    if version is None:
        version = Trip.objects.get(pk=trip.pk).version
    fields = {"expected_version": version, **body} if isinstance(body, dict) else body
    # Not by the test client's encoder, which refuses half characters itself.
    text = json.dumps(fields, default=str)
    return client.patch(f"/api/trips/{trip.pk}/", text, content_type="application/json")


def test_dina_changes_where_to_and_the_story_names_fields_only(cast: Cast, as_user: As) -> None:
    trip = cast.trip_in("assigned")
    body = {"dropoff": HARBOUR, "notes": "Back door", "escorts": 1, "window_minutes": 30}
    answer = patch(as_user(cast.dina), trip, body)
    assert answer.status_code == 200
    assert answer.json()["dropoff"]["address"] == "Harbour Street 3"
    assert (answer.json()["version"], answer.json()["status"]) == (trip.version + 1, "assigned")
    event = TripEvent.objects.filter(trip=trip).latest("version")
    assert (event.event, event.source, event.actor) == ("trip.changed", "dispatcher", cast.dina)
    assert event.data == {"fields": ["dropoff", "escorts", "notes"]}  # the window was the same
    assert shown(user_stream(cast.omar.pk))[-1] == event.pk
    check(trip.pk)


def test_a_new_time_is_in_the_story_with_the_old_one(cast: Cast, as_user: As) -> None:
    trip = cast.trip_in("scheduled")
    assert trip.scheduled_at is not None
    at = trip.scheduled_at + timedelta(hours=1)
    assert patch(as_user(cast.dina), trip, {"scheduled_at": at}).status_code == 200
    event = TripEvent.objects.filter(trip=trip).latest("version")
    assert event.data["scheduled_at"] == [trip.scheduled_at.isoformat(), at.isoformat()]


def test_what_changes_nothing_leaves_no_event(cast: Cast, as_user: As) -> None:
    trip = cast.trip_in("scheduled")
    before = footprint(trip.pk)
    same = {"notes": "", "pickup": {"address": "Götgatan 12", "latitude": PICKUP[0]}}
    same["pickup"]["longitude"] = PICKUP[1]  # type: ignore[index]
    assert patch(as_user(cast.dina), trip, same).status_code == 200
    assert footprint(trip.pk) == before


def test_who_looked_at_an_older_trip_gets_409_with_the_trip_as_it_is(
    cast: Cast, as_user: As
) -> None:
    trip = cast.trip_in("scheduled")
    body = patch(as_user(cast.dina), trip, {"notes": "x"}, version=trip.version - 1)
    assert the_problem(body, 409)["trip"]["version"] == trip.version
    answer = as_user(cast.dina).patch(f"/api/trips/{trip.pk}/", {"notes": "x"}, format="json")
    assert "expected_version" in the_problem(answer, 400)["errors"]
    assert Trip.objects.get(pk=trip.pk).notes == ""


def test_pia_and_hugo_change_the_details_and_the_time_while_it_is_a_request(
    cast: Cast, as_user: As
) -> None:
    at = timezone.now() + timedelta(hours=5)
    for user in (cast.pia, cast.hugo):
        trip = cast.trip_in("requested", facility=cast.facility)
        assert patch(as_user(user), trip, {"scheduled_at": at, "escorts": 1}).status_code == 200
        trip = cast.trip_in("assigned", facility=cast.facility)
        assert patch(as_user(user), trip, {"needs": ["walker"]}).status_code == 200
        for refused in ({"scheduled_at": at}, {"dropoff": HARBOUR}):
            body = the_problem(patch(as_user(user), trip, refused), 409)
            assert next(iter(refused)) in body["detail"]
        trip = cast.trip_in("dispatched", facility=cast.facility)
        the_problem(patch(as_user(user), trip, {"needs": ["walker"]}), 409)


def test_nobody_else_changes_a_trip(cast: Cast, as_user: As) -> None:
    trip = cast.trip_in("assigned")
    for user, status in ((cast.omar, 403), (cast.bea, 403), (cast.eve, 403), (cast.hugo, 404)):
        the_problem(patch(as_user(user), trip, {"notes": "x"}), status)
    absent = Trip(pk=10**9)
    the_problem(patch(as_user(cast.dina), absent, {"notes": "x"}, version=1), 404)
    assert event_names(trip)[-1] == "trip.assigned"


@pytest.mark.parametrize(
    "body",
    [
        {"status": "completed"},
        {"driver_id": 1},
        {"escorts": -1},
        {"scheduled_at": "soon"},
        {"scheduled_at": None},
        {"scheduled_at": "2020-01-01T10:00:00Z"},
        {"mobility": "flying"},
        {"pickup": {"address": "x", "latitude": 91, "longitude": 0}},
        {"dropoff": {"address": "only"}},
        {"notes": "a\0b"},
        {"notes": "\ud800"},
        {"copay_cents": -1},
        {"payer_id": 10**9},
        [],
        "text",
        None,
    ],
)
def test_a_bad_change_is_400_and_changes_nothing(cast: Cast, as_user: As, body: Any) -> None:
    trip = cast.trip_in("scheduled")
    before = footprint(trip.pk)
    the_problem(patch(as_user(cast.dina), trip, body), 400)
    assert footprint(trip.pk) == before


def test_a_change_that_the_van_cannot_carry_is_refused(cast: Cast, as_user: As) -> None:
    trip = cast.trip_in("assigned")
    body = the_problem(patch(as_user(cast.dina), trip, {"mobility": "stretcher"}), 409)
    assert "cannot carry" in body["detail"]
    assert Trip.objects.get(pk=trip.pk).mobility == "ambulatory"
    free = cast.trip_in("scheduled")
    assert patch(as_user(cast.dina), free, {"mobility": "stretcher"}).status_code == 200


@pytest.mark.parametrize("actor", Actor)
@pytest.mark.parametrize("status", Status)
def test_what_may_be_changed_shrinks_along_the_road(status: Status, actor: Actor) -> None:
    fields = changeable(status, actor)
    assert fields <= FIELDS
    if actor in (Actor.DRIVER, Actor.SYSTEM):
        assert not fields
    if status in ("rejected", "missed"):
        assert not fields
    if status in ("completed", "cancelled", "no_show"):
        assert not fields & {"pickup", "dropoff", "mobility", "scheduled_at", "notes"}
    if status in ("in_progress", "arrived_dropoff"):
        assert not fields & {"pickup", "scheduled_at", "mobility"}
    if actor is Actor.REQUESTER:
        assert fields <= changeable(status, Actor.DISPATCHER)


def booking(cast: Cast, **more: Any) -> dict[str, Any]:
    ends = {"pickup": DROPOFF, "dropoff": PICKUP}
    places = {
        end: {"address": f"{end} street", "latitude": point[0], "longitude": point[1]}
        for end, point in ends.items()
    }
    return {"patient_id": cast.patient.pk, **places, **more}


def test_dina_parks_a_return_leg_until_pia_calls(cast: Cast, as_user: As) -> None:
    out = cast.trip_in("assigned")
    body = booking(cast, return_of=out.pk, will_call=True)
    answer = as_user(cast.dina).post("/api/trips/", body, format="json")
    assert answer.status_code == 201
    trip = Trip.objects.get(pk=answer.json()["id"])
    assert (trip.status, trip.scheduled_at, trip.return_of) == ("will_call", None, out)
    assert event_names(trip) == ["trip.requested"]
    check(trip.pk)
    trip = cast.tap(trip, "ready", cast.pia)
    assert trip.status == "scheduled"


def test_a_will_call_is_a_return_leg_without_a_time_and_the_desks_to_park(
    cast: Cast, as_user: As
) -> None:
    out = cast.trip_in("assigned", facility=cast.facility)
    parked = booking(cast, return_of=out.pk, will_call=True)
    for user in (cast.pia, cast.hugo):
        the_problem(as_user(user).post("/api/trips/", parked, format="json"), 403)
    alone = booking(cast, will_call=True)
    answer = as_user(cast.dina).post("/api/trips/", alone, format="json")
    assert "return_of" in the_problem(answer, 400)["errors"]
    timed = {**parked, "scheduled_at": timezone.now() + timedelta(hours=1)}
    answer = as_user(cast.dina).post("/api/trips/", timed, format="json")
    assert "scheduled_at" in the_problem(answer, 400)["errors"]


def test_a_booking_after_its_appointment_is_400(cast: Cast, as_user: As) -> None:
    at = timezone.now() + timedelta(hours=2)
    late = booking(cast, scheduled_at=at, appointment_at=at - timedelta(minutes=1))
    answer = as_user(cast.dina).post("/api/trips/", late, format="json")
    assert "scheduled_at" in the_problem(answer, 400)["errors"]
