"""`manage.py roll_up`: days computed anew by hand."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from tests.cast import Cast
from tests.reports.days import MONDAY, NOW, add_trip
from trips.models import DayReport, Trip
from trips.reports.rollup import roll_day

pytestmark = pytest.mark.django_db


def run(*words: str) -> str:
    """What it prints."""
    out = io.StringIO()
    call_command("roll_up", *words, stdout=out)
    return out.getvalue()


def test_it_rebuilds_the_days_that_are_named(cast: Cast) -> None:
    trip = add_trip(cast, "08:00", arrived_pickup_at="08:30")
    roll_day(MONDAY, NOW)
    # Without a version more: nobody would notice.
    Trip.objects.filter(pk=trip.pk).update(arrived_pickup_at=trip.scheduled_at)
    last = MONDAY + timedelta(days=2)
    assert run(f"--from={MONDAY}", f"--to={last}").endswith("3 days rolled up\n")
    assert DayReport.objects.get(day=MONDAY).pickups_on_time == 1
    assert DayReport.objects.count() == 3


def test_without_days_it_is_the_week_up_to_today(cast: Cast) -> None:
    assert run().endswith("8 days rolled up\n")


@pytest.mark.parametrize(
    "words", [("--from=2026-09-02", "--to=2026-09-01"), ("--to=2199-01-01",), ("--from=soon",)]
)
def test_days_that_are_none_are_refused(cast: Cast, words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        run(*words)
    assert not DayReport.objects.exists()
