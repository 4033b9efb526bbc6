"""A whole day at high speed: whatever people, phones and the broker do, these things hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from tests.cast import Cast
from trips.models import DayReport, Delivery, Shift, StreamEntry, Trip, TripEta, Vehicle
from trips.simulator.day import checks
from trips.simulator.day.run import Plan, simulate
from users.models import Notification


def _tell_again() -> None:
    told = Notification.objects.filter(key__startswith="event:").earliest("pk")
    told.pk, told.kind = None, "another"
    told.save()


def _estimate() -> None:
    trip = Trip.objects.filter(status="completed").earliest("pk")
    TripEta.objects.create(trip=trip, risk="late", updated_at=timezone.now())


#: What the checks must find, by a word of what they say.
SABOTAGE: dict[str, Callable[[], object]] = {
    "still scheduled": lambda: Trip.objects.filter(status="cancelled").update(
        status="scheduled", scheduled_at=timezone.now()
    ),
    "has events": lambda: Trip.objects.update(version=F("version") + 1),
    "truncated": lambda: Trip.objects.update(version=F("version") + 1),
    "stream": lambda: StreamEntry.objects.earliest("pk").delete(),
    "in [{'amb': 0}]": lambda: Vehicle.objects.update(capacities=[{"amb": 0}]),
    "did not end": lambda: Shift.objects.filter(planned=False).update(ends_at=None),
    "told 2 times": _tell_again,
    "is pending": lambda: Delivery.objects.update(state="pending"),
    "has an estimate": _estimate,
    "report of": lambda: DayReport.objects.update(completed=F("completed") + 1),
}


@pytest.mark.django_db(transaction=True)
def test_a_day_of_sixty_trips_leaves_nothing_undone(cast: Cast) -> None:
    Shift.objects.all().delete()  # the cast has the day off
    day = timezone.localdate()
    outcome = simulate(Plan(day, trips=60, vehicles=8, seed=1, beat_minutes=20))
    assert outcome.faults == []
    for words, spoil in SABOTAGE.items():
        found = _found_after(spoil, day)
        assert any(words in fault for fault in found), (words, found)


def _found_after(spoil: Callable[[], object], day: date) -> list[str]:
    """What the checks say of a spoilt database; it is put right again."""
    with transaction.atomic():
        spoil()
        found = checks.faults(day)
        transaction.set_rollback(True)
    return found
