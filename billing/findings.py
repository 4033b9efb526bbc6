"""What the linter found, kept: a check over a period, waivers, and mending a trip."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from billing.claim_facts import claimable, pages_of, served
from billing.linter import RULE_OF, ClaimFacts, Found, PayerRules, Severity, lint
from billing.models import ClaimFinding, ClaimProfile
from trips.claim_changes import complete_for_claim
from trips.models import TaskRun, Trip
from trips.task_runs import Outcome, Report
from users.models import User

PRESENT = Q(gone_at__isnull=True)
#: What keeps a trip from being claimed.
BLOCKING = PRESENT & Q(severity=Severity.BLOCKING.value, waived_at__isnull=True)


class NotWaivable(Exception):
    """The finding is gone, waived already, or of a kind that nobody may waive."""


@dataclass(frozen=True, slots=True)
class Checked:
    """How many trips were looked at, and of these how many cannot be claimed yet."""

    trips: int
    blocked: int


def blocked(trips: Iterable[int] | QuerySet[Trip]) -> QuerySet[ClaimFinding]:
    """The findings that keep these trips from being claimed."""
    return ClaimFinding.objects.filter(BLOCKING, trip__in=trips)


def in_period(payer_id: int, first_day: date, last_day: date) -> QuerySet[ClaimFinding]:
    """What is wrong with a payer's trips of these days of the company's calendar."""
    trips = served(claimable(payer_id), first_day, last_day)
    return ClaimFinding.objects.filter(PRESENT, payer_id=payer_id, trip__in=trips)


def summary(payer_id: int, first_day: date, last_day: date) -> dict[str, Any]:
    """Counts: trips of the period, how many are blocked, and each rule's findings."""
    trips = served(claimable(payer_id), first_day, last_day)
    found = in_period(payer_id, first_day, last_day)
    still_open, waived = Counter[str](), Counter[str]()
    for code, waived_at in found.values_list("code", "waived_at"):
        (waived if waived_at else still_open)[code] += 1
    rules = [
        {"code": code, "open": still_open[code], "waived": waived[code], **words(code)}
        for code in RULE_OF
        if still_open[code] or waived[code]
    ]
    blocked_trips = found.filter(BLOCKING).values("trip").distinct().count()
    return {"trips": trips.count(), "blocked": blocked_trips, "rules": rules}


def words(code: str) -> dict[str, str]:
    """What a finding says to people."""
    rule = RULE_OF.get(code)
    if rule is None:  # of a rule that is no more
        return {"severity": "", "sentence": code, "how_to_fix": ""}
    return {
        "severity": rule.severity.value,
        "sentence": rule.sentence,
        "how_to_fix": rule.how_to_fix,
    }


# --- checking


def check_period(run: TaskRun, report: Report) -> Outcome:
    """The work of the job behind `POST /api/claims/check/`."""
    payer_id = int(run.parameters["payer"])
    first, last = (date.fromisoformat(run.parameters[name]) for name in ("first_day", "last_day"))
    checked = check(payer_id, served(claimable(payer_id), first, last), report)
    return Outcome({"trips": checked.trips, "blocked": checked.blocked})


def check(payer_id: int, trips: QuerySet[Trip], report: Report | None = None) -> Checked:
    """Lint `trips` (of `claimable`) and keep what is found; again and again with one outcome."""
    rules, total, done, blocking = ClaimProfile.of(payer_id).rules(), trips.count(), 0, 0
    for facts in pages_of(trips):
        _keep(payer_id, facts, rules)
        done += len(facts)
        blocking += blocked(one.trip_id for one in facts).values("trip").distinct().count()
        if report is not None:
            report(min(done, total), total)
    _forget_others(payer_id)
    return Checked(done, blocking)


def check_again(trip: Trip) -> None:
    """Look again at a trip and at what was found on the patient's others.

    They share a member id, and draw on the same authorizations.
    """
    if trip.payer_id is None:
        return
    found = ClaimFinding.objects.filter(PRESENT, trip__patient=trip.patient_id).values("trip")
    mine = Q(pk=trip.pk) | Q(pk__in=found)
    check(trip.payer_id, claimable(trip.payer_id).filter(mine, patient=trip.patient_id))


def _keep(payer_id: int, page: Sequence[ClaimFacts], rules: PayerRules) -> None:
    """Bring what is kept of some trips in line with what is found now."""
    found = {(one.trip_id, hit.code): hit for one in page for hit in lint(one, rules)}
    now = timezone.now()
    with transaction.atomic():
        present = ClaimFinding.objects.filter(PRESENT, trip__in=[one.trip_id for one in page])
        # Two checks at once: the second waits here and finds what the first has kept.
        known = {(row.trip_id, row.code): row for row in present.order_by("pk").select_for_update()}
        over = [row.pk for key, row in known.items() if not _same(row, found.get(key), payer_id)]
        ClaimFinding.objects.filter(pk__in=over).update(gone_at=now)
        new = [key for key in found if key not in known or known[key].pk in over]
        rows = [_finding(payer_id, trip_id, found[trip_id, code], now) for trip_id, code in new]
        ClaimFinding.objects.bulk_create(rows, ignore_conflicts=True)


def _same(row: ClaimFinding, hit: Found | None, payer_id: int) -> bool:
    return hit is not None and (row.detail, row.severity, row.payer_id) == (
        hit.detail,
        hit.severity,
        payer_id,
    )


def _finding(payer_id: int, trip_id: int, hit: Found, now: datetime) -> ClaimFinding:
    return ClaimFinding(
        trip_id=trip_id,
        payer_id=payer_id,
        code=hit.code,
        severity=hit.severity.value,
        detail=hit.detail,
        found_at=now,
    )


def _forget_others(payer_id: int) -> None:
    """What was found on trips that are not to be claimed from this payer any more is over."""
    others = ClaimFinding.objects.filter(PRESENT, payer_id=payer_id)
    others.exclude(trip__in=claimable(payer_id)).update(gone_at=timezone.now())


# --- mending and waiving


@transaction.atomic
def waive(*, finding_id: int, user: User, reason: str) -> ClaimFinding:
    """Claim the trip in spite of a finding; the reason stays. NotWaivable says why not."""
    finding = ClaimFinding.objects.select_for_update().get(pk=finding_id)
    if finding.gone_at is not None:
        raise NotWaivable("It is gone already.")
    if finding.waived_at is not None:
        raise NotWaivable("It is waived already.")
    rule = RULE_OF.get(finding.code)
    if rule is not None and not rule.waivable:
        raise NotWaivable("Nothing could be claimed without it.")
    finding.waived_at, finding.waived_by, finding.waived_because = timezone.now(), user, reason
    finding.save(update_fields=["waived_at", "waived_by", "waived_because"])
    return finding


@transaction.atomic
def take_back_waiver(*, finding_id: int) -> ClaimFinding:
    """The finding stands open again, as a row of its own: that it was waived is kept."""
    old = ClaimFinding.objects.select_for_update().get(pk=finding_id)
    if old.gone_at is not None or old.waived_at is None:
        raise NotWaivable("It is not waived.")
    old.gone_at = timezone.now()
    old.save(update_fields=["gone_at"])
    return ClaimFinding.objects.create(
        trip_id=old.trip_id,
        payer_id=old.payer_id,
        code=old.code,
        severity=old.severity,
        detail=old.detail,
        found_at=old.gone_at,
    )


def mend(*, trip_id: int, user: User, expected_version: int, fields: dict[str, str]) -> Trip:
    """Set what a biller may of a trip (`claim_changes.FIELDS`), and look at it again.

    Raises what `complete_for_claim` does.
    """
    trip = complete_for_claim(
        trip_id=trip_id, user=user, expected_version=expected_version, fields=fields
    )
    check_again(trip)
    return trip
