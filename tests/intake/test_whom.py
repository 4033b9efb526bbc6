"""Whom and what a row means: found on record, created, or an error; never a guess."""

from __future__ import annotations

import pytest

from tests.cast import Cast
from tests.intake.files import errors, good, imported, manifest
from trips.models import (
    Facility,
    KnownPlace,
    Patient,
    Payer,
    Trip,
)
from trips.places import normalised

pytestmark = pytest.mark.django_db


def test_a_patient_is_found_by_id_by_member_id_and_by_name(cast: Cast) -> None:
    Patient.objects.filter(pk=cast.patient.pk).update(member_id="M-1")
    base = {name: value for name, value in good().items() if name != "patient"}
    who: list[dict[str, object]] = [
        {"patient_id": cast.patient.pk},
        {"member_id": "m 1"},
        {"patient": "EK, pia"},
        {"patient": "Pia Ek", "member_id": "M-1"},
    ]
    rows = [base | one | {"pickup_time": f"{9 + n}:00"} for n, one in enumerate(who)]
    assert imported(cast.dina, manifest(rows))["new"] == 4
    assert set(Trip.objects.values_list("patient", flat=True)) == {cast.patient.pk}


def test_whom_it_may_or_may_not_mean_is_an_error_not_a_guess(cast: Cast) -> None:
    Patient.objects.filter(pk=cast.patient.pk).update(member_id="M-1")
    Patient.objects.create(name="Bo Berg")
    other = Patient.objects.create(name="Bo Berg")
    who: list[dict[str, object]] = [
        {"patient": "Bo Berg"},
        {"patient": "", "member_id": "M-2"},
        {"patient": "Bo Berg", "member_id": "M-1"},
        {"patient": "", "patient_id": 999_999},
        {"patient": "Bo Berg", "patient_id": cast.patient.pk},
        {"patient": "Nobody"},
        {"patient": "", "patient_id": other.pk, "member_id": "M-1"},
    ]
    rows = [good() | one | {"pickup_time": f"{9 + n}:00"} for n, one in enumerate(who)]
    assert errors(imported(cast.dina, manifest(rows))) == [
        (2, "patient"),
        (3, "member_id"),
        (4, "member_id"),
        (5, "patient_id"),
        (6, "patient_id"),
        (7, "patient"),
        (8, "member_id"),
    ]


def test_a_namesake_with_another_member_id_is_another_person(cast: Cast) -> None:
    Patient.objects.filter(pk=cast.patient.pk).update(member_id="M-1")
    imported(cast.dina, manifest([good(member_id="M-2")]), "?create_patients=1")
    assert Trip.objects.get().patient != cast.patient
    assert Patient.objects.filter(name="Pia Ek").count() == 2


def test_a_new_patient_is_created_once_with_what_the_file_says(cast: Cast) -> None:
    new = {
        "patient": "Nils Ny",
        "member_id": "M-9",
        "patient_phone": "+46 8 1",
        "patient_email": "nils@home.invalid",
        "facility": "Eastside Dialysis",
    }
    rows = [good(**new), good(**new)]
    rows[1]["pickup_time"] = "10:00"
    dry = imported(cast.dina, manifest(rows), "?dry_run=1&create_patients=1")
    assert (dry["new_patients"], Patient.objects.count()) == (1, 1)
    imported(cast.dina, manifest(rows), "?create_patients=1")
    nils = Patient.objects.get(name="Nils Ny")
    assert (nils.member_id, nils.phone, nils.email) == ("M-9", "+46 8 1", "nils@home.invalid")
    assert list(nils.facilities.all()) == [cast.facility]
    assert nils.trips.count() == 2


def test_no_mail_address_is_made_of_nonsense(cast: Cast) -> None:
    bad = good(patient="Nils Ny", patient_email="not an address")
    result = imported(cast.dina, manifest([bad]), "?create_patients=1")
    assert errors(result) == [(2, "patient_email")]


def test_facility_and_payer_must_be_on_record_and_active(cast: Cast) -> None:
    Payer.objects.update(is_active=False)
    Facility.objects.create(name="Westside")
    rows = [good(facility="Nowhere"), good(payer="Regional Plan")]
    rows[1]["pickup_time"] = "10:00"
    assert errors(imported(cast.dina, manifest(rows))) == [(2, "facility"), (3, "payer")]


def test_an_address_without_coordinates_is_looked_up_in_the_address_book(cast: Cast) -> None:
    bare = good(pickup_latitude="", pickup_longitude="")
    refused = imported(cast.dina, manifest([bare]))
    assert errors(refused) == [(2, "pickup_latitude")]
    known = {"key": normalised("GÖTGATAN 12"), "address": "Götgatan 12"}
    KnownPlace.objects.create(**known, facility=cast.facility, latitude=1, longitude=1, uses=9)
    KnownPlace.objects.create(**known, latitude=59.5, longitude=18.5, picked=True)
    imported(cast.dina, manifest([bare]))
    assert (Trip.objects.get().pickup_latitude, Trip.objects.get().pickup_longitude) == (59.5, 18.5)
