"""Prior authorizations: what trips draw from them, each once, and what is left."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from billing.authorizations import balance_of
from billing.models import Authorization
from tests.api.problems import the_problem
from tests.billing.claimed import NUMBER, as_user, authorize, company_papers, driven, today
from tests.cast import Cast
from trips.models import Patient, Payer, Trip
from trips.tasks import process_trip_completion

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(cast: Cast) -> Cast:
    company_papers(cast)
    return cast


def body(cast: Cast, **fields: Any) -> dict[str, Any]:
    """What Bea enters."""
    values: dict[str, Any] = {
        "patient": cast.patient.pk,
        "payer": cast.payer.pk,
        "number": NUMBER,
        "valid_from": "2026-01-01",
        "valid_to": "2026-12-31",
        "unit": "trip",
        "units": "10",
    }
    return values | fields


def test_a_completed_trip_is_used_once_whatever_runs_twice(office: Cast) -> None:
    authorization = authorize(office, units=3)
    trip = driven(office)
    for _ in range(3):
        process_trip_completion(trip.pk)
    balance = balance_of(authorization)
    assert [balance.used, balance.booked, balance.left] == [Decimal(1), Decimal(0), Decimal(2)]


def test_what_is_booked_counts_and_what_fell_through_does_not(office: Cast) -> None:
    authorization = authorize(office, units=3)
    fields = {"payer": office.payer, "authorization_number": NUMBER}
    for status in ("scheduled", "assigned", "cancelled", "no_show", "rejected"):
        office.trip_in(status, **fields)
    office.book(payer=None, authorization_number=NUMBER)
    other = Patient.objects.create(name="Per Alm")
    office.book(**fields | {"patient": other})
    balance = balance_of(authorization)
    assert [balance.used, balance.booked, balance.left] == [Decimal(0), Decimal(2), Decimal(1)]


def test_a_reopened_trip_gives_its_unit_back(office: Cast) -> None:
    authorization = authorize(office, units=1)
    trip = driven(office)
    Trip.objects.filter(pk=trip.pk).update(status="cancelled")
    assert balance_of(authorization).used == 0


def test_miles_are_those_driven_or_planned(office: Cast) -> None:
    authorization = authorize(office, units="10", unit="mile")
    driven(office)
    office.trip_in("scheduled", payer=office.payer, authorization_number=NUMBER)
    balance = balance_of(authorization)
    # 2.31 km straight, times 1.3 for the streets.
    assert (balance.used, balance.booked) == (Decimal("4.0"), Decimal("1.9"))
    assert balance.left == Decimal("4.1")


def test_what_is_booked_beyond_units_or_days_is_named(office: Cast) -> None:
    authorization = authorize(office, units=1)
    fields = {"payer": office.payer, "authorization_number": NUMBER}
    soon = timezone.now() + timedelta(minutes=20)
    office.trip_in("scheduled", **fields, scheduled_at=soon)
    later = office.trip_in("scheduled", **fields, scheduled_at=soon + timedelta(hours=1))
    authorization.units = Decimal(5)
    authorization.save()
    Trip.objects.filter(pk=later.pk).update(scheduled_at=later.created_at + timedelta(days=40))
    (beyond,) = balance_of(authorization).beyond
    assert (beyond.trip_id, "outside of its days" in beyond.reason) == (later.pk, True)
    Trip.objects.filter(pk=later.pk).update(scheduled_at=later.created_at + timedelta(hours=2))
    authorization.units = Decimal(1)
    (beyond,) = balance_of(authorization).beyond
    assert (beyond.trip_id, beyond.reason) == (later.pk, "unit 2 of 1")


def test_bea_enters_reads_and_extends_an_authorization(office: Cast) -> None:
    bea = as_user(office, office.bea)
    given = body(office, levels=["wheelchair"], codes=["A0130", "S0209"])
    made = bea.post("/api/authorizations/", given)
    assert made.status_code == 201, made.content
    path = f"/api/authorizations/{made.json()['id']}/"
    assert (made.json()["created_by"], made.json()["units"]) == (office.bea.pk, "10.0")
    the_problem(bea.post("/api/authorizations/", given), 409)
    extended = bea.patch(path, {"units": "20", "valid_to": "2027-06-30"})
    assert extended.json() == made.json() | {"units": "20.0", "valid_to": "2027-06-30"}
    balance = bea.get(f"{path}balance/").json()
    assert balance == {
        "unit": "trip", "units": "20.0", "used": "0.0", "booked": "0.0", "left": "20.0",
        "beyond": [],
    }  # fmt: skip
    assert bea.get(f"/api/authorizations/?number={NUMBER}&on=2026-05-01").json()["count"] == 1
    assert bea.get("/api/authorizations/?on=2028-05-01").json()["count"] == 0


ODD: tuple[dict[str, Any], ...] = (
    {"number": ""},
    {"number": "A\0"},
    {"units": "0"},
    {"units": "-1"},
    {"units": "NaN"},
    {"units": "1e30"},
    {"valid_to": "2025-12-31"},
    {"valid_from": "0001-01-01"},
    {"levels": ["flying"]},
    {"codes": ["B0001"]},
    {"unit": "hour"},
    {"patient": 987_654},
    {"colour": "red"},
    {"payer": None},
)


def test_an_odd_authorization_is_a_400(office: Cast) -> None:
    bea = as_user(office, office.bea)
    for fields in ODD:
        the_problem(bea.post("/api/authorizations/", body(office, **fields)), 400)
    assert not Authorization.objects.exists()


def test_whose_and_which_number_it_is_never_changes(office: Cast) -> None:
    authorization = authorize(office)
    bea = as_user(office, office.bea)
    path = f"/api/authorizations/{authorization.pk}/"
    for fixed in ({"number": "B"}, {"patient": office.patient.pk}, {"unit": "mile"}):
        the_problem(bea.patch(path, fixed), 400)
    the_problem(bea.patch(path, {"valid_to": "2020-01-01"}), 400)
    the_problem(bea.delete(path), 405)
    the_problem(bea.put(path, body(office)), 405)


def test_a_number_is_one_payers_own(office: Cast) -> None:
    authorize(office)
    authorize(office, payer=Payer.objects.create(name="Other Plan"))
    with pytest.raises(IntegrityError), transaction.atomic():
        authorize(office, valid_to=today())
