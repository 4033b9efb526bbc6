"""What a body names is foreign as if it were absent: no booking, filter or form finds it out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from tests.cast import DROPOFF, PICKUP, Cast, person
from trips.models import Facility, Patient, Trip
from users.models import User
from users.roles import Role

pytestmark = pytest.mark.django_db
ABSENT = 987_654_321


@pytest.fixture
def strangers(cast: Cast) -> dict[str, int]:
    """A patient, a facility and a trip that are nobody's of the cast."""
    lars = Patient.objects.create(name="Lars Norén")
    west = Facility.objects.create(name="Westside Clinic")
    west.members.add(person("wilma", Role.FACILITY))
    trip = cast.book(patient=lars, facility=west)
    return {"patient_id": lars.pk, "facility_id": west.pk, "return_of": trip.pk}


def place(at: tuple[float, float]) -> dict[str, Any]:
    return {"address": "x", "latitude": at[0], "longitude": at[1]}


def post(cast: Cast, user: User, path: str, body: dict[str, Any]) -> tuple[int, bytes]:
    answer = APIClient(headers=cast.headers(user)).post(path, body)
    return answer.status_code, answer.content


def trip_body(cast: Cast) -> dict[str, Any]:
    at = (timezone.now() + timedelta(hours=2)).isoformat()
    ends = {"pickup": place(PICKUP), "dropoff": place(DROPOFF)}
    return {"patient_id": cast.patient.pk, "scheduled_at": at, **ends}


def order_body(cast: Cast) -> dict[str, Any]:
    ends = {"pickup": place(PICKUP), "dropoff": place(DROPOFF)}
    first = (timezone.now() + timedelta(days=2)).date().isoformat()
    more = {"rule": "FREQ=DAILY", "first_day": first, "pickup_time": "08:00"}
    return {"patient_id": cast.patient.pk, **ends, **more}


@pytest.mark.parametrize("name", ["patient_id", "facility_id", "return_of"])
@pytest.mark.parametrize("who", ["hugo", "pia"])
def test_a_booking(cast: Cast, strangers: dict[str, int], who: str, name: str) -> None:
    user, body = getattr(cast, who), trip_body(cast)
    before = Trip.objects.count()
    answers = [
        post(cast, user, "/api/trips/", {**body, name: pk}) for pk in (strangers[name], ABSENT)
    ]
    texts = [
        content.replace(str(pk).encode(), b"<id>")
        for (_, content), pk in zip(answers, (strangers[name], ABSENT), strict=True)
    ]
    assert [status for status, _ in answers] == [400, 400]
    assert texts[0] == texts[1]
    assert Trip.objects.count() == before
    assert post(cast, user, "/api/trips/", body)[0] == 201


@pytest.mark.parametrize("name", ["patient_id", "facility_id"])
@pytest.mark.parametrize("path", ["/api/standing-orders/", "/api/standing-orders/preview/"])
def test_a_standing_order(cast: Cast, strangers: dict[str, int], path: str, name: str) -> None:
    body = order_body(cast)
    for pk in (strangers[name], ABSENT):
        status, content = post(cast, cast.hugo, path, {**body, name: pk})
        assert status == 400
        assert name.encode() in content
        assert b"Lars" not in content
    assert post(cast, cast.hugo, path, body)[0] in (200, 201)


def test_a_filter_finds_no_more_than_the_list(cast: Cast, strangers: dict[str, int]) -> None:
    cast.trip_in("assigned", facility=cast.facility)
    foreign = Trip.objects.get(pk=strangers["return_of"])
    cast.tap(foreign, "schedule")
    cast.give_to_eve(foreign)
    for who in (cast.omar, cast.pia, cast.hugo):
        client = APIClient(headers=cast.headers(who))
        for query in (
            f"driver={cast.strange_driver.pk}",
            f"vehicle={cast.spare_van.pk}",
            "status=assigned",
            "risk=late,at_risk,on_time,unknown",
        ):
            found = client.get(f"/api/trips/?{query}").json()["results"]
            assert foreign.pk not in [trip["id"] for trip in found], (who, query)


def test_an_export_holds_what_the_list_does(cast: Cast, strangers: dict[str, int]) -> None:
    from trips.exports import exported_trips

    day = timezone.now().date()
    period: dict[str, Any] = {"first_day": day - timedelta(2), "last_day": day + timedelta(2)}
    own = cast.trip_in("assigned", facility=cast.facility)
    for who in (cast.omar, cast.pia, cast.hugo):
        assert list(exported_trips(who, **period)) == [own]
        named = {**period, "patient_id": strangers["patient_id"]}
        assert not exported_trips(who, **named).exists()


def test_a_call_for_help_names_no_foreign_trip(cast: Cast, strangers: dict[str, int]) -> None:
    pk = strangers["return_of"]
    answer = APIClient(headers=cast.headers(cast.omar)).post(
        "/api/alerts/", {"kind": "sos", "trip_id": pk}
    )
    assert (answer.status_code, answer.json()["trip"]) == (201, None)


def test_a_driver_reads_no_other_drivers_thread(cast: Cast) -> None:
    dina = APIClient(headers=cast.headers(cast.dina))
    dina.post("/api/messages/", {"to": cast.strange_driver.pk, "body": "for Eve"})
    omar = APIClient(headers=cast.headers(cast.omar))
    for pk in (cast.strange_driver.pk, ABSENT):
        assert omar.get(f"/api/messages/?with={pk}").json()["results"] == []


def test_a_driver_begins_no_others_shift(cast: Cast) -> None:
    omar = APIClient(headers=cast.headers(cast.omar))
    answers = [
        omar.post("/api/shifts/", {"vehicle_id": cast.spare_van.pk, "driver_id": pk})
        for pk in (cast.strange_driver.pk, ABSENT)
    ]
    assert [one.status_code for one in answers] == [400, 400]
    assert answers[0].content == answers[1].content
