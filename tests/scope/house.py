"""Two worlds in one company: what is our cast's, and the same of strangers."""

from __future__ import annotations

import gzip
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import Model
from django.utils import timezone

from billing import repricing
from billing.models import (
    Authorization,
    Claim,
    ClaimBatch,
    ClaimFinding,
    Invoice,
    Payment,
    ProviderEvent,
    Rate,
    Statement,
    UnpricedTrip,
)
from billing.tasks import generate_invoice
from tests.cast import DROPOFF, PICKUP, Cast, person
from trips.models import (
    Alert,
    Attachment,
    Device,
    Driver,
    Facility,
    Holiday,
    Message,
    Patient,
    Payer,
    QuarantinedFix,
    Shift,
    StandingOrder,
    TaskRun,
    Trip,
    Vehicle,
)
from trips.realtime.projections import audience_of
from trips.talk import send
from users.models import Notification, User, WebhookDelivery, WebhookEndpoint
from users.roles import Role

ABSENT = 987_654_321
ABSENT_TASK = uuid.UUID(int=987_654_321)
#: Kinds that belong to one account, whatever its role.
PERSONAL = ("task", "notice", "dry_run")
#: Money has one debtor: Hugo's is his facility's.
OF_DEBTOR = ("invoice", "payment")


@dataclass
class House:
    """`own` is Omar's, Pia's and Hugo's at once where they can own the kind; `foreign` nobody's."""

    cast: Cast
    own: dict[str, Model]
    foreign: dict[str, Model]
    personal: dict[tuple[str, str], Model]

    def user(self, who: str) -> User:
        user: User = getattr(self.cast, who)
        return user

    def own_pk(self, kind: str, who: str) -> Any:
        """The key of what `who` owns."""
        if who == "hugo" and kind in OF_DEBTOR:
            kind = f"facility_{kind}"
        return (self.personal[kind, who] if kind in PERSONAL else self.own[kind]).pk


def furnish(cast: Cast, roles: tuple[str, ...]) -> House:
    """Everything that a path can name, twice."""
    lars = Patient.objects.create(name="Lars Norén", user=person("lars", Role.PATIENT))
    west = Facility.objects.create(name="Westside Clinic")
    west.members.add(person("wilma", Role.FACILITY))
    own, foreign = (
        _world(cast, "a", cast.patient, cast.facility, cast.driver, cast.van),
        _world(cast, "b", lars, west, cast.strange_driver, cast.spare_van),
    )
    own["message"] = send(sender=cast.dina, to=Message.To.DRIVER, body="x", driver=cast.driver)
    foreign["message"] = send(
        sender=cast.dina, to=Message.To.DRIVER, body="x", driver=cast.strange_driver
    )
    personal: dict[tuple[str, str], Model] = {}
    for who in roles:
        personal["task", who] = _task(getattr(cast, who))
        personal["notice", who] = _notice(getattr(cast, who))
        personal["dry_run", who] = _dry_run(getattr(cast, who))
    foreign |= {
        "task": _task(cast.eve),
        "notice": _notice(cast.eve),
        "dry_run": _dry_run(cast.eve),
    }
    return House(cast, own, foreign, personal)


def _world(
    cast: Cast, name: str, patient: Patient, facility: Facility, driver: Driver, van: Vehicle
) -> dict[str, Model]:
    device = Device.objects.filter(vehicle=van).first() or Device.objects.create(vehicle=van)
    now = timezone.now()
    trip = _trip(cast, patient, facility, driver, van)
    return {
        "trip": trip,
        "attachment": _attachment(trip, driver),
        "patient": patient,
        "facility": facility,
        "driver": driver,
        "vehicle": van,
        "device": device,
        "undelivered": _undelivered(),
        "payer": Payer.objects.create(name=f"Plan {name}"),
        "order": _order(patient, facility),
        "shift": Shift.objects.get(driver=driver),
        "alert": Alert.objects.create(
            kind="sos", vehicle=van, driver=driver, raised_at=now, received_at=now
        ),
        "quarantined": QuarantinedFix.objects.create(
            device=device, reason="no_position", raw=b"x", digest=b"x" * 32, received_at=now
        ),
        "invoice": _invoice(cast, patient, facility, driver, van, bill_to="patient"),
        "facility_invoice": _invoice(cast, patient, facility, driver, van, bill_to="facility"),
        "payment": _payment(patient=patient),
        "facility_payment": _payment(facility=facility),
        **_books(cast, name, facility),
        **_claimed(cast, name, trip),
        "endpoint": _endpoint(facility),
    }


def _trip(
    cast: Cast,
    patient: Patient,
    facility: Facility,
    driver: Driver,
    van: Vehicle,
    **fields: Any,
) -> Trip:
    """At the door: where a driver may cancel, and everybody reaches what is theirs."""
    trip = cast.book(patient=patient, facility=facility, **fields)
    cast.tap(trip, "schedule")
    cast.tap(trip, "assign", driver_id=driver.pk, vehicle_id=van.pk)
    for step in ("start", "arrive_pickup"):
        trip = cast.tap(trip, step, user=driver.user)
    return trip


def _invoice(*whose: Any, bill_to: str) -> Invoice:
    cast, _, _, driver, _ = whose
    trip = _trip(*whose, bill_to=bill_to)
    for step in ("pick_up", "arrive_dropoff", "complete"):
        cast.tap(trip, step, user=driver.user)
    generate_invoice(trip.pk)
    return Invoice.objects.get(trip=trip)


def _payment(**debtor: Any) -> Payment:
    today = timezone.now().date()
    return Payment.objects.create(
        amount_cents=5_000, currency="USD", method="check", received_on=today, **debtor
    )


def _books(cast: Cast, name: str, facility: Facility) -> dict[str, Model]:
    now = timezone.now()
    waiting = cast.book()
    return {
        "statement": Statement.objects.create(
            number=f"S-{name}", facility=facility, month="2026-01-01", currency="USD",
            total_cents=1, issued_at=now,
        ),
        "rate": Rate.objects.create(
            payer=Payer.objects.create(name=f"Rated {name}"), mobility="ambulatory",
            valid_from="2026-01-01", base_cents=1, mile_cents=1,
        ),
        "holiday": Holiday.objects.create(day=f"2031-01-0{1 + (name == 'b')}", name="Holiday"),
        "provider_event": ProviderEvent.objects.create(
            provider="stripe", event_id=name, type="x", reference="x", amount_cents=1,
            currency="USD", occurred_at=now, state="open",
        ),
        "unpriced": UnpricedTrip.objects.create(trip=waiting, reason="no rate", since=now),
    }  # fmt: skip


def _claimed(cast: Cast, name: str, trip: Trip) -> dict[str, Model]:
    """A payer's papers on a trip, and a batch that is ready to go."""
    payer = Payer.objects.create(name=f"Claimed {name}")
    now = timezone.now()
    today = now.date()
    batch = ClaimBatch.objects.create(
        payer=payer, first_day=today, last_day=today, state="ready", created_by=cast.bea,
        ready_at=now, file=gzip.compress(b"trip\n"),
    )  # fmt: skip
    return {
        "authorization": Authorization.objects.create(
            patient=trip.patient, payer=payer, number=name, valid_from=today, valid_to=today,
            units=4,
        ),
        "batch": batch,
        # Of the batch's number: one key fills an address that names both.
        "claim": Claim.objects.create(pk=batch.pk, batch=batch, trip=trip),
        "finding": ClaimFinding.objects.create(
            trip=trip, payer=payer, code="member_id_missing", severity="blocking", found_at=now
        ),
    }  # fmt: skip


def _endpoint(facility: Facility) -> WebhookEndpoint:
    """With a delivery of the same number, so that one key fills an address that names both."""
    endpoint = WebhookEndpoint.objects.create(facility=facility, url="https://x.invalid/")
    WebhookDelivery.objects.create(
        pk=endpoint.pk, endpoint=endpoint, topic="trip.completed", subject_id=1, payload={},
        state="failed", due_at=timezone.now(),
    )  # fmt: skip
    return endpoint


def _attachment(trip: Trip, driver: Driver) -> Attachment:
    file = default_storage.save(f"attachments/{driver.pk}.jpg", ContentFile(b"x"))
    return Attachment.objects.create(
        trip=trip, kind="photo", stop="pickup", sent_by=driver.user, client_event_id="scope",
        occurred_at=timezone.now(), state="ready", file=file, thumbnail=file, digest="x" * 64,
    )  # fmt: skip


def _order(patient: Patient, facility: Facility) -> StandingOrder:
    today = timezone.now().date()
    return StandingOrder.objects.create(
        patient=patient,
        facility=facility,
        rule="FREQ=DAILY",
        anchor_day=today,
        first_day=today,
        pickup_time="08:00",
        pickup_address="Home",
        pickup_latitude=PICKUP[0],
        pickup_longitude=PICKUP[1],
        dropoff_address="Clinic",
        dropoff_latitude=DROPOFF[0],
        dropoff_longitude=DROPOFF[1],
    )


def _task(owner: User) -> TaskRun:
    return TaskRun.objects.create(
        owner=owner,
        task="trips.tasks.export_trips",
        state=TaskRun.State.REVOKED,
        result={"audience": audience_of(owner).value},
        content=gzip.compress(b"trip\n"),
        due_at=timezone.now() + timedelta(days=1),
    )


def _dry_run(owner: User) -> TaskRun:
    now = timezone.now()
    day = now.date().isoformat()
    return TaskRun.objects.create(
        owner=owner,
        task=repricing.DRY_RUN,
        state=TaskRun.State.SUCCESS,
        parameters={"first_day": day, "last_day": day, "reason": "x"},
        finished_at=now,
        due_at=now + timedelta(days=1),
    )


def _undelivered() -> Notification:
    number = Notification.objects.count()
    return Notification.objects.create(
        kind="invoice", key=f"scope:{number}", channel="email", address="x@home.invalid",
        state="failed", due_at=timezone.now(),
    )  # fmt: skip


def _notice(user: User) -> Notification:
    return Notification.objects.create(
        user=user, kind="message", key=f"scope:{user.pk}", channel="in_app",
        state="sent", due_at=timezone.now(),
    )  # fmt: skip
