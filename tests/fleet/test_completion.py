"""A completed trip: its invoice, its mail, and a crew that is free again, each exactly once."""

from __future__ import annotations

import pytest
from django.test import TestCase

from billing.models import Invoice
from tests.api.conftest import As
from tests.cast import Cast
from tests.fixtures_processes import Mailbox
from tests.held_broker import HeldBroker
from trips.models import Assignment, Shift, TripEvent
from trips.tasks import process_trip_completion
from users.models import Notification

pytestmark = pytest.mark.django_db


def test_completion_processed_three_times_does_each_thing_once(
    cast: Cast, held_broker: HeldBroker, smtp_sink: Mailbox, as_user: As
) -> None:
    trip = cast.trip_in("completed")
    for _ in range(3):
        with TestCase.captureOnCommitCallbacks(execute=True):
            said = process_trip_completion(trip.pk)
        held_broker.deliver(times=2)
    assert said == f"trip {trip.pk} completion processed"
    invoice = Invoice.objects.get(trip=trip)
    mails = Notification.objects.filter(channel="email", key=f"invoice:{invoice.pk}")
    assert len(mails) == 1
    # And the patient is told that the trip is complete.
    assert len(smtp_sink.messages) == Notification.objects.filter(channel="email").count() == 2
    done = TripEvent.objects.get(trip=trip, event="trip.completed").occurred_at
    assert Assignment.objects.get(trip=trip).ended_at == done
    # The crew is free: the van takes another trip, and its driver may go home.
    cast.tap(cast.trip_in("scheduled"), "assign")
    shift = Shift.objects.get(driver=cast.driver)
    assert as_user(cast.omar).post(f"/api/shifts/{shift.pk}/end/").status_code == 200


@pytest.mark.parametrize("status", ["in_progress", "arrived_dropoff", "cancelled"])
def test_a_trip_that_is_not_completed_frees_nobody(cast: Cast, status: str) -> None:
    trip = cast.trip_in(status)
    assert process_trip_completion(trip.pk) == f"trip {trip.pk} is not completed: nothing to do"
    assert not Invoice.objects.exists()
