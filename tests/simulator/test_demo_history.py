"""The demo's past: whole stories, numbered and chained, billed and paid, and told to nobody."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from billing.models import Invoice, Payment
from tests.cast import _default_rates
from trips.demo import seed
from trips.demo.fleet import SHIFT_BEGAN
from trips.demo.history import MARK, SHIFT, SHIFT_LASTS, days_before
from trips.evidence.verify import verify
from trips.lifecycle import ENDED
from trips.models import Company, DayReport, Delivery, StreamEntry, Trip, TripEvent
from users.models import Notification

pytestmark = pytest.mark.django_db(transaction=True)
DAYS = 14


def test_a_new_demo_has_two_weeks_behind_it_that_keep_every_promise() -> None:
    _default_rates()
    seed(vehicles=3, trips=0, history_days=DAYS)
    past = Trip.objects.filter(external_id__startswith=MARK)
    assert past.count() > 40
    assert set(past.values_list("status", flat=True)) <= {status.value for status in ENDED}
    events = TripEvent.objects.filter(trip__in=past)
    assert not events.filter(recorded_at__gt=timezone.now() - SHIFT_BEGAN).exists()
    assert list(verify()) == []
    numbers = StreamEntry.objects.filter(stream_id="board").order_by("seq")
    assert list(numbers.values_list("seq", flat=True)) == list(range(1, numbers.count() + 1))
    told = Notification.objects.filter(trip_id__in=past.values("pk"))
    assert not told.exists()
    assert not Delivery.objects.filter(topic__startswith="invoice.").exists()
    assert Delivery.objects.exists(), "today's trips owe as ever"
    _is_billed_once(past.filter(status="completed").count())


def _is_billed_once(completed: int) -> None:
    invoices = Invoice.objects.filter(trip__status="completed")
    assert invoices.values("trip").distinct().count() == invoices.count() == completed
    states = set(invoices.values_list("state", flat=True))
    assert {"sent", "paid", "overdue"} <= states
    assert Payment.objects.exists()
    days = days_before(timezone.now(), DAYS)
    reported = DayReport.objects.filter(day__in=days).values_list("completed", flat=True)
    assert sum(reported) == completed
    seed(vehicles=3, trips=0, history_days=DAYS)
    assert Invoice.objects.filter(trip__status="completed").count() == completed


@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_no_past_shift_reaches_into_the_running_ones(hour: int) -> None:
    now = timezone.now().replace(hour=hour, minute=30)
    days = days_before(now, DAYS)
    assert len(days) == DAYS
    begins = datetime.combine(days[-1], SHIFT, ZoneInfo(Company.get().time_zone))
    assert begins + SHIFT_LASTS <= now - SHIFT_BEGAN < begins + SHIFT_LASTS + timedelta(days=1)
