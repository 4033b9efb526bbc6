"""Handlers that tests subscribe, to see when and how often they run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from config.subscriptions import SUBSCRIBERS, Subscriber
from trips.models import Delivery

TOPIC = "test.happened"
NAME = "probe"


class Probe:
    """Counts its calls, then does `work`."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.work: Callable[[int], object] = lambda subject_id: None

    def __call__(self, subject_id: int) -> object:
        self.calls.append(subject_id)
        return self.work(subject_id)


current = Probe()


def handle(subject_id: int) -> object:
    """What `SUBSCRIBERS` names."""
    return current(subject_id)


def subscribe(monkeypatch: pytest.MonkeyPatch) -> Probe:
    """A new probe, known to the relay."""
    monkeypatch.setitem(SUBSCRIBERS, NAME, Subscriber("tests.events.probes.handle", "normal"))
    monkeypatch.setattr("tests.events.probes.current", probe := Probe())
    return probe


def owe(subject_id: int = 7, *, due_in_s: float = 10) -> Delivery:
    """A delivery to the probe."""
    return Delivery.objects.create(
        topic=TOPIC,
        subject_id=subject_id,
        subscriber=NAME,
        due_at=timezone.now() + timedelta(seconds=due_in_s),
    )


def overdue(row: Delivery) -> None:
    """Time goes by until the delivery's due time is past."""
    Delivery.objects.filter(pk=row.pk).update(due_at=timezone.now() - timedelta(seconds=1))
