"""What may go of a patient is gone from every table, and what must stay is named."""

from __future__ import annotations

import json
import zipfile
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import ForeignKey, Model
from django.utils import timezone
from knox.models import AuthToken

from config.patient_data.erase import Refused, erase, rows
from config.patient_data.export import export
from config.patient_data.places import PLACES
from tests.cast import Cast
from trips.answers import trip_json
from trips.evidence.verify import verify
from trips.models import KnownPlace, Patient, StandingOrder, TapAnswer, Trip
from users.models import AuditEntry, Notification, Preference, User

pytestmark = pytest.mark.django_db

NAME, STREET, MAIL, CARER, NOTE = (
    "Pialinda Quellmark",
    "Zwetschgenweg 17",
    "pialinda@example.org",
    "carer.of.p@example.org",
    "hepatitis-xq",
)
SECRETS = (*NAME.split(), "Zwetschgenweg", MAIL, CARER, NOTE, "0709-551-77", "MEMBER-9137")


@pytest.fixture
def patient(cast: Cast) -> Patient:
    """A patient with a past in every room."""
    cast.patient.name, cast.patient.email = NAME, MAIL
    cast.patient.caregiver_email, cast.patient.phone = CARER, "0709-551-77"
    cast.patient.address, cast.patient.member_id = STREET, "MEMBER-9137"
    cast.patient.save()
    first, last = NAME.split()
    User.objects.filter(pk=cast.pia.pk).update(
        first_name=first, last_name=last, email=MAIL, username=MAIL
    )
    trip = cast.trip_in("cancelled", pickup_address=STREET, notes=NOTE, needs=["oxygen"])
    KnownPlace.objects.create(
        key="zwetschgenweg 17", address=STREET, latitude=57.7, longitude=11.9, last_trip_id=trip.pk
    )
    TapAnswer.objects.create(
        user=cast.omar,
        client_event_id="t-1",
        request_digest="",
        status_code=200,
        body=trip_json(trip, cast.omar),
    )
    for address in (MAIL, CARER):
        Notification.objects.create(
            address=address, channel="email", kind="booked", key="k", due_at=timezone.now()
        )
        Preference.objects.create(address=address, channel="email", wanted=False)
    return cast.patient


def tables_that_hold(words: tuple[str, ...]) -> set[str]:
    """Every table of the database, each row as text."""
    found = set()
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            likes = " OR ".join(["t::text ILIKE %s"] * len(words))
            cursor.execute(
                f'SELECT count(*) FROM "{table}" t WHERE {likes}',  # noqa: S608
                [f"%{word}%" for word in words],
            )
            if cursor.fetchone()[0]:
                found.add(table)
    return found


def test_nothing_of_the_person_is_left_in_any_table(cast: Cast, patient: Patient) -> None:
    before = tables_that_hold(SECRETS)
    assert {"trips_patient", "trips_trip", "users_user", "trips_knownplace"} <= before
    erase(patient.pk, actor=cast.ada)
    assert tables_that_hold(SECRETS) == set()
    trip = Trip.objects.get(patient=patient)
    assert (trip.needs, trip.pickup_latitude) == ([], 57.7)


def test_the_trips_chain_stays_true(cast: Cast, patient: Patient) -> None:
    trip = Trip.objects.get(patient=patient)
    erase(patient.pk)
    assert list(verify(trip.pk)) == []
    assert trip.events.exists()


def test_the_account_lets_nobody_in(cast: Cast, patient: Patient) -> None:
    cast.token(cast.pia)
    erase(patient.pk)
    pia = User.objects.get(pk=cast.pia.pk)
    assert not pia.is_active
    assert not pia.has_usable_password()
    assert not AuthToken.objects.filter(user=pia).exists()


def test_what_stays_is_named_with_its_reason(cast: Cast, patient: Patient) -> None:
    done = erase(patient.pk)
    count, why = done.kept["trips.TripEvent"]
    assert count >= 2
    assert "proves" in why
    assert done.changed["trips.Trip"] == 1


def test_again_is_no_harm(cast: Cast, patient: Patient) -> None:
    erase(patient.pk)
    erase(patient.pk)
    assert Patient.objects.get(pk=patient.pk).name == "erased"


def test_the_audit_has_it(cast: Cast, patient: Patient) -> None:
    erase(patient.pk, actor=cast.ada)
    entry = AuditEntry.objects.get(route="erase_patient", actor_id=cast.ada.pk)
    assert (entry.action, entry.kind, entry.ids) == ("delete", "patients", [patient.pk])
    assert entry.hash


def test_others_keep_their_shared_addresses(cast: Cast, patient: Patient) -> None:
    other = Patient.objects.create(name="Other")
    cast.book(patient=other, pickup_address=STREET)
    erase(patient.pk)
    assert KnownPlace.objects.filter(key="zwetschgenweg 17").exists()


def test_not_while_a_trip_or_a_standing_order_is_to_come(cast: Cast, patient: Patient) -> None:
    trip = cast.trip_in("assigned")
    StandingOrder.objects.create(
        patient=patient,
        rule="FREQ=WEEKLY",
        anchor_day=timezone.now().date(),
        first_day=timezone.now().date(),
        last_day=timezone.now().date() + timedelta(days=9),
        pickup_time="08:00",
        return_kind="none",
        pickup_address=STREET,
        pickup_latitude=1,
        pickup_longitude=1,
        dropoff_address="x",
        dropoff_latitude=1,
        dropoff_longitude=1,
    )
    with pytest.raises(Refused, match="1 trips are not over; 1 standing orders are running"):
        erase(patient.pk)
    trip.refresh_from_db()
    assert Patient.objects.get(pk=patient.pk).name == NAME


def _leads_to_patient(model: type[Model], depth: int = 4) -> bool:
    if model is Patient:
        return True
    targets = {
        field.related_model
        for field in model._meta.get_fields()
        if isinstance(field, ForeignKey) and field.related_model is not model
    }
    return depth > 0 and any(
        isinstance(target, type)
        and target._meta.label in {place.model for place in PLACES}
        and _leads_to_patient(target, depth - 1)
        for target in targets
    )


def test_every_model_that_leads_to_a_patient_has_a_place() -> None:
    known = {place.model for place in PLACES}
    ours = [
        model
        for app in ("trips", "billing", "users")
        for model in apps.get_app_config(app).get_models()
    ]
    assert {model._meta.label for model in ours if _leads_to_patient(model)} <= known


def test_every_place_is_a_path_to_a_patient_and_names_fields_that_there_are(
    cast: Cast, patient: Patient
) -> None:
    for place in PLACES:
        names = {field.name for field in apps.get_model(place.model)._meta.get_fields()}
        assert set(place.erased) <= names, place.model
        assert rows(place, patient.pk).count() >= 0
        assert place.erased or place.kept or place.deleted, place.model


# --- export


def test_an_export_holds_what_is_kept_and_no_secret(cast: Cast, patient: Patient) -> None:
    file = BytesIO()
    counts = export(patient.pk, file)
    assert counts["trips.Trip"] == 1
    with zipfile.ZipFile(file) as archive:
        people: list[dict[str, Any]] = json.loads(archive.read("trips.Patient.json"))
        account = json.loads(archive.read("users.User.json"))[0]
    assert people[0]["name"] == NAME
    assert "password" not in account


def test_the_commands(cast: Cast, patient: Patient, tmp_path: Path) -> None:
    out = StringIO()
    path = tmp_path / "one.zip"
    call_command("export_patient", patient.pk, to=path, stdout=out)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(CommandError, match="cannot write"):
        call_command("export_patient", patient.pk, to=path, stdout=out)
    call_command("erase_patient", patient.pk, stdout=out)
    assert "nothing stands against it" in out.getvalue()
    assert Patient.objects.get(pk=patient.pk).name == NAME
    call_command("erase_patient", patient.pk, yes=True, stdout=out)
    assert "trips.TripEvent kept" in out.getvalue()
    with pytest.raises(CommandError, match="no patient"):
        call_command("erase_patient", 987654321, yes=True)
