"""A whole day at high speed: whatever people, phones and the broker do, these things hold."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tests.cast import Cast
from trips.models import Shift
from trips.simulator.day.run import Plan, simulate


@pytest.mark.django_db(transaction=True)
def test_a_day_of_sixty_trips_leaves_nothing_undone(cast: Cast) -> None:
    Shift.objects.all().delete()  # the cast has the day off
    day = timezone.localdate()
    outcome = simulate(Plan(day, trips=60, vehicles=8, seed=1, beat_minutes=15))
    assert outcome.faults == []
