"""Pia's rides as her payer wants them: with all that a claim needs."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from rest_framework.test import APIClient

from billing.claim_facts import claimable
from billing.claims import draft, make_ready
from billing.findings import check
from billing.invoices import issue_invoice
from billing.models import Authorization, ClaimBatch, ClaimFinding
from billing.tasks import check_claims, ready_claims
from tests.cast import Cast
from trips.models import TaskRun, Trip, TripMeasurement
from trips.queries import company_day
from trips.task_runs import Outcome
from users.models import User

NUMBER = "AUTH-1"


def company_papers(cast: Cast) -> None:
    """Everybody's numbers are on record."""
    cast.patient.member_id, cast.patient.payer = "ZX12345678", cast.payer
    cast.patient.save()
    cast.driver.licence = "d-123 456"
    cast.driver.save()
    cast.van.plate = "abc 12-3"
    cast.van.save()


def authorize(cast: Cast, units: int | str = 100, **fields: Any) -> Authorization:
    """Pia's payer agreed to so many trips."""
    today = company_day(timezone.now())
    values: dict[str, Any] = {
        "patient": cast.patient,
        "payer": cast.payer,
        "number": NUMBER,
        "valid_from": today - timedelta(days=10),
        "valid_to": today + timedelta(days=10),
        "units": Decimal(units),
    }
    return Authorization.objects.create(**values | fields)


def measured(trip: Trip, **fields: Any) -> TripMeasurement:
    """4 miles by GPS, well covered."""
    values: dict[str, Any] = {
        "source": "gps",
        "loaded_distance_m": 4 * 1609.344,
        "planned_distance_m": 6_400,
        "wait_s": 0,
        "fixes": 90,
        "coverage": 0.98,
        "longest_gap_s": 20,
        "began_at": trip.picked_up_at,
        "ended_at": trip.dropped_off_at,
        "computed_at": timezone.now(),
    }
    return TripMeasurement.objects.create(trip=trip, **values | fields)


def driven(cast: Cast, n: int = 0, **fields: Any) -> Trip:
    """A completed, invoiced trip in a wheelchair; each `n` was agreed for another minute."""
    agreed = timezone.now() + timedelta(minutes=20 + n)
    values: dict[str, Any] = {
        "payer": cast.payer,
        "mobility": "wheelchair",
        "authorization_number": NUMBER,
        "scheduled_at": agreed,
    }
    trip = cast.trip_in("completed", **values | fields)
    measured(trip)
    issue_invoice(trip.pk)
    return trip


def look(cast: Cast) -> None:
    """The payer's trips are checked."""
    check(cast.payer.pk, claimable(cast.payer.pk))


def codes(trip: Trip) -> list[str]:
    """What stands against a trip now, waived or not."""
    present = ClaimFinding.objects.filter(trip=trip, gone_at__isnull=True)
    return sorted(present.values_list("code", flat=True))


def today() -> date:
    """By the company's calendar."""
    return company_day(timezone.now())


def days() -> dict[str, date]:
    """Yesterday and today: a ride at midnight is in as well."""
    return {"first_day": today() - timedelta(days=1), "last_day": today()}


def drafted(cast: Cast) -> ClaimBatch:
    """Bea drafts a batch of all that is free."""
    return draft(payer_id=cast.payer.pk, user=cast.bea, **days())


def readied(cast: Cast, batch: ClaimBatch) -> dict[str, Any]:
    """The result of the job that makes a batch ready."""
    run = TaskRun.objects.create(
        owner=cast.bea,
        task="billing.tasks.ready_claims",
        parameters={"batch": batch.pk},
        due_at=timezone.now(),
    )
    done: Outcome = make_ready(run, lambda current, total: None)
    batch.refresh_from_db()
    return done.result


def as_user(cast: Cast, user: User) -> APIClient:
    """A client that `user` is logged in with."""
    return APIClient(headers=cast.headers(user))


def finished(answer: Any) -> dict[str, Any]:
    """The result of the job that `answer` (202) began."""
    assert answer.status_code == 202, answer.content
    run = TaskRun.objects.get(pk=answer.json()["task_id"])
    work = {"billing.tasks.check_claims": check_claims, "billing.tasks.ready_claims": ready_claims}
    work[run.task].apply(args=(str(run.pk), run.attempts), throw=True)
    run.refresh_from_db()
    assert run.state == "SUCCESS"
    result: dict[str, Any] = run.result
    return result
