"""Erasing a patient: what may go is gone, what must stay is named, and the audit has it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone
from knox.models import AuthToken

from billing.balances import with_balance
from billing.models import Invoice
from config.patient_data.places import ERASED, PLACES, Place
from trips import places as address_book
from trips.lifecycle import OPEN
from trips.models import (
    Attachment,
    Company,
    Facility,
    KnownPlace,
    Patient,
    Payer,
    StandingOrder,
    TapAnswer,
    Trip,
)
from users.audit.entries import Entry, append_change
from users.models import Enrolment, Notification, Preference, SuppressedAddress, User


class Refused(Exception):
    """Something under way still needs the data; the text says what."""


@dataclass(frozen=True, slots=True)
class Erased:
    """Rows by model: changed or deleted, and kept with the reason."""

    changed: dict[str, int]
    kept: dict[str, tuple[int, str]]


def erase(patient_id: int, *, actor: User | None = None) -> Erased:
    """Erase what may go of one patient; again is no harm. Patient.DoesNotExist, or Refused."""
    with transaction.atomic():
        patient = Patient.objects.select_for_update().get(pk=patient_id)
        if why := reasons_against(patient):
            raise Refused("; ".join(why))
        # The account has one of the addresses until it is emptied.
        changed = Counter(_by_address(patient)) + Counter(_account(patient))
        files = _photos(patient)
        changed["trips.Attachment"] += len(files)
        changed["trips.KnownPlace"] += _address_book(patient)
        changed["trips.TapAnswer"] += _answers(patient)
        for place in PLACES:
            changed[place.model] += _apply(place, patient_id)
        _note(patient_id, actor)
    for name in files:
        default_storage.delete(name)
    return Erased({name: count for name, count in changed.items() if count}, _kept(patient_id))


def reasons_against(patient: Patient) -> list[str]:
    """Why it cannot be yet: rides to come and open bills need name and address."""
    why = []
    open_trips = Trip.objects.filter(patient=patient, status__in=OPEN).count()
    if open_trips:
        why.append(f"{open_trips} trips are not over")
    today = timezone.now().date()
    running = StandingOrder.objects.filter(patient=patient).filter(
        Q(last_day=None) | Q(last_day__gte=today)
    )
    if running.exists():
        why.append(f"{running.count()} standing orders are running")
    owed = with_balance(Invoice.objects.filter(patient=patient)).exclude(balance_cents=0)
    if owed.exists():
        why.append(f"{owed.count()} invoices are not settled")
    return why


def rows(place: Place, patient_id: int) -> Any:
    """The rows of a place that are about the patient."""
    return apps.get_model(place.model)._default_manager.filter(**{place.path: patient_id})


def _apply(place: Place, patient_id: int) -> int:
    found = rows(place, patient_id)
    if place.deleted:
        return int(found.delete()[0])
    return int(found.update(**place.erased)) if place.erased else 0


def _kept(patient_id: int) -> dict[str, tuple[int, str]]:
    counts = ((place, rows(place, patient_id).count()) for place in PLACES if place.kept)
    return {place.model: (count, place.kept) for place, count in counts if count}


def _account(patient: Patient) -> dict[str, int]:
    """The account stays as a row that history names, and lets nobody in."""
    user = patient.user
    if user is None:
        return {}
    name = f"{ERASED}-{user.pk}"
    user.username, user.first_name, user.last_name = name, "", ""
    user.email = user.phone = user.push_target = ""
    user.is_active = False
    user.set_unusable_password()
    user.save()
    AuthToken.objects.filter(user=user).delete()
    Enrolment.objects.filter(user=user).delete()
    Preference.objects.filter(user=user).delete()
    LogEntry.objects.filter(content_type__model="user", object_id=str(user.pk)).update(
        object_repr=name
    )
    notices = Notification.objects.filter(user=user).update(message="", error="")
    return {"users.User": 1, "users.Notification": notices}


def _by_address(patient: Patient) -> dict[str, int]:
    """What hangs on a mail address alone; of one that others have, only this patient's rides."""
    account = patient.user.email if patient.user else ""
    addresses = {one.lower() for one in (patient.email, patient.caregiver_email, account) if one}
    own = addresses - _of_others(patient, addresses)
    _at(Preference, own).delete()
    SuppressedAddress.objects.filter(address__in=own).delete()
    trips = Trip.objects.filter(patient=patient).values("pk")
    # A bill goes to whoever owes it: it is not the patient's where the address is not.
    shared = _at(Notification, addresses - own).exclude(kind__startswith="invoice")
    notices = [*_at(Notification, own), *shared.filter(trip_id__in=trips)]
    for row in notices:
        _forget_notice(row)
    return {"users.Notification": len(notices)}


def _at(model: type[Any], addresses: set[str], field: str = "address") -> QuerySet[Any]:
    """Rows with one of `addresses` (lower case), however they spell it."""
    return model.objects.alias(lower=Lower(field)).filter(lower__in=addresses)  # type: ignore[no-any-return]


def _of_others(patient: Patient, addresses: set[str]) -> set[str]:
    """Those of `addresses` that somebody else has as well, e.g. a ward that cares for many."""
    others = (
        _at(Patient, addresses, "email").exclude(pk=patient.pk).values_list("email"),
        _at(Patient, addresses, "caregiver_email")
        .exclude(pk=patient.pk)
        .values_list("caregiver_email"),
        _at(User, addresses, "email").exclude(pk=patient.user_id or 0).values_list("email"),
        *(_at(one, addresses, "email").values_list("email") for one in (Facility, Payer, Company)),
    )
    return {address.lower() for found in others for (address,) in found}


def _forget_notice(row: Notification) -> None:
    # One person's notices differ by their key, two people's by the address.
    row.address = f"{ERASED}-{row.pk}@invalid"
    row.message = row.error = ""
    if row.state == Notification.State.QUEUED:
        row.state, row.error = Notification.State.SKIPPED, ERASED
    row.save(update_fields=["address", "message", "error", "state"])


def _photos(patient: Patient) -> list[str]:
    """Forget pictures; their files' names, which are deleted once that is committed."""
    photos = Attachment.objects.filter(trip__patient=patient, kind=Attachment.Kind.PHOTO)
    names = {name for row in photos for name in (row.raw, row.file, row.thumbnail) if name}
    photos.delete()
    # Named by content: the same picture may be another trip's.
    shared = Attachment.objects.filter(Q(file__in=names) | Q(thumbnail__in=names))
    for row in shared:
        names -= {row.file, row.thumbnail}
    return sorted(names)


def _address_book(patient: Patient) -> int:
    """Addresses that only this patient's trips went to, or that are the patient's own."""
    mine = Trip.objects.filter(patient=patient)
    keys = _keys(mine) | {address_book.normalised(patient.address)}
    others = _keys(Trip.objects.exclude(patient=patient).filter(_same_addresses(mine)))
    return KnownPlace.objects.filter(key__in=keys - others - {""}).delete()[0]


def _keys(trips: Any) -> set[str]:
    pairs: Iterable[tuple[str, str]] = trips.values_list("pickup_address", "dropoff_address")
    return {address_book.normalised(address) for pair in pairs for address in pair}


def _same_addresses(mine: Any) -> Q:
    pairs: Iterable[tuple[str, str]] = mine.values_list("pickup_address", "dropoff_address")
    addresses = {address for pair in pairs for address in pair}
    return Q(pickup_address__in=addresses) | Q(dropoff_address__in=addresses)


def _answers(patient: Patient) -> int:
    """Blank what was answered about the patient and their trips.

    The rows stay: without them the same request, sent again, would be done again.
    """
    # Many kinds of answers are kept, and their ids say nothing of each other: a trip's has the
    # patient in it, and only a patient's own has a member id.
    a_trip = Q(body__patient__id=patient.pk)
    the_patient = Q(body__id=patient.pk, body__has_key="member_id")
    answers = list(TapAnswer.objects.select_for_update().filter(a_trip | the_patient))
    for row in answers:
        named = {"patient": {"id": patient.pk, "name": ERASED}}
        row.body |= _BLANK_TRIP | named if "patient" in row.body else _BLANK_PATIENT
        row.save(update_fields=["body"])
    return len(answers)


_BLANK_PATIENT = {"name": ERASED, "email": "", "phone": "", "address": "", "member_id": ""}
_NOWHERE = {"latitude": 0.0, "longitude": 0.0, "address": ERASED}
#: Complete as the API promises, for a phone that asks again.
_BLANK_TRIP = {
    "pickup": _NOWHERE,
    "dropoff": _NOWHERE,
    "needs": [],
    "notes": "",
    "authorization_number": "",
}


def _note(patient_id: int, actor: User | None) -> None:
    append_change(
        Entry(
            action="delete",
            actor_id=actor.pk if actor else None,
            role=actor.role if actor else "",
            address=None,
            route="erase_patient",
            kind="patients",
            ids=[patient_id],
        )
    )
