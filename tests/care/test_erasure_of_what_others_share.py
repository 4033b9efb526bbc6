"""Erasing one patient leaves alone what only looks like theirs."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from config.patient_data.erase import erase
from tests.cast import Cast
from trips import once
from trips.models import Facility, Patient, TapAnswer, Trip
from users.models import Notification, Preference, SuppressedAddress, User

pytestmark = pytest.mark.django_db
WARD, OWN = "Ward.Seven@example.org", "own.only@example.org"


def answer(user: User, name: str, body: Any) -> TapAnswer:
    return TapAnswer.objects.create(
        user=user, client_event_id=name, request_digest="d", status_code=200, body=body
    )


def notice(address: str, key: str, trip: Trip | None = None, **more: Any) -> Notification:
    fields = {"channel": "email", "kind": "booked", "key": key, "due_at": timezone.now()}
    return Notification.objects.create(
        address=address, trip_id=trip.pk if trip else None, **fields | more
    )


def now_of(row: Any) -> Any:
    row.refresh_from_db()
    return row


# --- answers


def test_answers_whose_id_happens_to_be_a_trips_or_the_patients_stay_as_they_are(
    cast: Cast,
) -> None:
    trip = cast.trip_in("cancelled")
    bodies: list[Any] = [
        {"id": trip.pk, "patient": cast.patient.pk, "amount_cents": 100, "reference": "check 7"},
        {"id": cast.patient.pk, "sender": 1, "body": "hello"},
        trip.pk,
    ]
    kept = [answer(cast.bea, f"k{n}", body) for n, body in enumerate(bodies)]
    assert "trips.TapAnswer" not in erase(cast.patient.pk).changed
    assert [now_of(row).body for row in kept] == bodies


def test_the_answer_of_a_new_patient_is_blank_and_still_answers(cast: Cast) -> None:
    given = {
        "name": "Quirina Zell",
        "phone": "0709-1",
        "address": "Zellweg 1",
        "member_id": "M-1",
        "client_event_id": "new-1",
    }

    def ask() -> Any:
        return Client().post(
            "/api/patients/", given, "application/json", headers=cast.headers(cast.dina)
        )

    first = ask().json()
    erase(first["id"])
    again = ask()
    assert again.status_code == 201
    assert again.json().keys() == first.keys()
    assert again.json()["id"] == first["id"]
    assert not {"Quirina Zell", "0709-1", "Zellweg 1", "M-1"} & set(again.json().values())
    assert Patient.objects.filter(pk__gte=first["id"]).count() == 1


def test_a_trips_answer_is_complete_but_nobodys(cast: Cast) -> None:
    trip = cast.trip_in("cancelled", notes="third floor", needs=["oxygen"])
    request = {"trip": trip.pk}
    shown = Client().get(f"/api/trips/{trip.pk}/", headers=cast.headers(cast.dina)).json()
    ask: Any = {"user": cast.dina, "client_event_id": "b-1", "request": request}
    once.answer_once(**ask, make=lambda: shown)
    erase(cast.patient.pk)
    again = once.answer_once(**ask, make=lambda: pytest.fail("done twice"))
    assert again.keys() == shown.keys()
    assert (again["id"], again["status"]) == (trip.pk, "cancelled")
    assert again["patient"] == {"id": cast.patient.pk, "name": "erased"}
    assert (again["notes"], again["needs"], again["pickup"]["address"]) == ("", [], "erased")


# --- addresses


@pytest.fixture
def other(cast: Cast) -> Patient:
    """Another patient of the same ward."""
    Patient.objects.filter(pk=cast.patient.pk).update(caregiver_email=WARD, email=OWN)
    return Patient.objects.create(name="Other", caregiver_email=WARD.lower())


def test_a_wards_other_notices_stay_and_this_patients_lose_the_address(
    cast: Cast, other: Patient
) -> None:
    mine, theirs = cast.trip_in("cancelled"), cast.book(patient=other)
    gone = notice(WARD.lower(), "1", mine)
    bill = notice(WARD, "2", mine, kind="invoice")
    kept = [notice(WARD, "3", theirs), notice(WARD, "4"), bill]
    erase(cast.patient.pk)
    assert now_of(gone).address == f"erased-{gone.pk}@invalid"
    assert (gone.state, gone.error) == ("skipped", "erased")
    assert {(now_of(row).address, row.state) for row in kept} == {(WARD, "queued")}


def test_a_wards_wishes_and_bounces_stay_and_ones_own_go(cast: Cast, other: Patient) -> None:
    for address in (WARD, OWN.upper()):
        Preference.objects.create(address=address, channel="email", wanted=False)
        SuppressedAddress.objects.create(address=address.lower(), reason="bounce")
    erase(cast.patient.pk)
    assert [row.address for row in Preference.objects.all()] == [WARD]
    assert [row.address for row in SuppressedAddress.objects.all()] == [WARD.lower()]


@pytest.mark.parametrize("holder", ["user", "facility"])
def test_an_address_of_an_account_or_a_facility_is_shared_too(cast: Cast, holder: str) -> None:
    Patient.objects.filter(pk=cast.patient.pk).update(email=OWN)
    if holder == "user":
        User.objects.filter(pk=cast.hugo.pk).update(email=OWN.upper())
    else:
        Facility.objects.create(name="Seven", email=OWN.upper())
    SuppressedAddress.objects.create(address=OWN, reason="bounce")
    erase(cast.patient.pk)
    assert SuppressedAddress.objects.exists()


def test_what_hangs_on_the_accounts_own_address_goes(cast: Cast) -> None:
    User.objects.filter(pk=cast.pia.pk).update(email="Pia.Account@example.org")
    SuppressedAddress.objects.create(address="pia.account@example.org", reason="bounce")
    row = notice("pia.account@example.org", "1")
    erase(cast.patient.pk)
    assert not SuppressedAddress.objects.exists()
    assert "pia" not in now_of(row).address
