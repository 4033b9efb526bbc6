"""kill -9 in the middle of each of the twelve tasks leaves nothing wrong."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from billing.invoices import issue_invoice
from billing.models import Invoice
from billing.tasks import generate_invoice, process_overdue_invoices, send_invoice_email
from config.workers import UNACKED_INDEX
from tests.billing.backdating import backdated
from tests.cast import Cast, event_names
from tests.fixtures_processes import Mailbox, wait_until
from tests.tasks.conftest import StartWorker
from tests.tasks.locks import blocked, locked
from tests.tasks.own_broker import Broker
from trips.models import Delivery, Stream, StreamEntry, TaskFailure, Trip
from trips.tasks import (
    broadcast_gps_update,
    broadcast_trip_status,
    check_trip_timeouts,
    cleanup_old_gps_data,
    process_trip_completion,
    sweep,
)
from users.models import Notification
from users.tasks import (
    send_daily_digest,
    send_notification,
    send_trip_assignment_notification,
    send_welcome_email,
)

#: Tasks that write something, or read what is locked; the broadcast of a position does neither.
IN_THE_MIDDLE = 11


class Story:
    """A company with work for each task, and what must be true when all of it was done once."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.completed = cast.trip_in("completed", payer=cast.payer)
        self.unbilled = cast.trip_in("completed", payer=cast.payer)
        Delivery.objects.filter(subject_id__in=self.unbilled.events.values("pk")).delete()
        self.issued = issue_invoice(cast.trip_in("completed", payer=cast.payer).pk)
        self.overdue = issue_invoice(cast.trip_in("completed").pk)
        backdated(self.overdue, due_on=timezone.now() - timedelta(3))
        self.stuck = cast.trip_in("in_progress")
        Trip.objects.filter(pk=self.stuck.pk).update(
            state_since=timezone.now() - timedelta(hours=7)
        )
        self.assigned = cast.trip_in("assigned")
        # Deliveries that these tasks stand for are not to do their work before them.
        own = Delivery.objects.filter(topic="trip.completed", subject_id__in=self._completion())
        Delivery.objects.exclude(pk__in=own).delete()
        self._drop_a_day_ahead()

    def _completion(self) -> list[int]:
        return list(
            self.completed.events.filter(event="trip.completed").values_list("pk", flat=True)
        )

    def _drop_a_day_ahead(self) -> None:
        self.day = f"trips_gpsfix_{timezone.now() + timedelta(days=3):%Y%m%d}"
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {self.day}")

    def calls(self) -> list[tuple[Any, tuple[Any, ...]]]:
        """Each of the twelve tasks with its arguments."""
        return [
            (broadcast_gps_update, (self.assigned.pk, 57.7, 11.9)),
            (broadcast_trip_status, (self.assigned.pk, "assigned")),
            (process_trip_completion, (self.completed.pk,)),
            (cleanup_old_gps_data, ()),
            (check_trip_timeouts, ()),
            (generate_invoice, (self.unbilled.pk,)),
            (send_invoice_email, (self.issued.pk,)),
            (process_overdue_invoices, ()),
            (send_notification, (self.cast.pia.pk, "hello", "Good morning.")),
            (send_welcome_email, (self.cast.hugo.pk,)),
            (send_trip_assignment_notification, (self.assigned.pk, self.cast.driver.pk)),
            (send_daily_digest, (self.cast.dina.pk,)),
        ]

    def send_all(self, broker: Broker) -> None:
        """The same message each time: ids are what the tasks are named."""
        for task, arguments in self.calls():
            broker.send(task, *arguments, task_id=task.name)

    def check(self, mails: list[str]) -> None:
        """Everything was done, once."""
        self._check_money()
        self._check_notices(mails)
        assert event_names(self.stuck).count("trip.stuck") == 1
        assert not Delivery.objects.exclude(state=Delivery.State.DONE).exists()
        assert not TaskFailure.objects.exists()
        self._check_streams()
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [self.day])
            assert cursor.fetchone() == (True,)

    def _check_money(self) -> None:
        for trip in (self.completed, self.unbilled):
            assert Invoice.objects.filter(trip=trip).count() == 1
        numbers = sorted(int(invoice.number[-6:]) for invoice in Invoice.objects.all())
        assert numbers == list(range(1, len(numbers) + 1))
        assert Invoice.objects.get(pk=self.overdue.pk).state == Invoice.State.OVERDUE
        assert Invoice.objects.get(pk=self.issued.pk).state == Invoice.State.SENT

    def _check_notices(self, mails: list[str]) -> None:
        kinds = Counter(Notification.objects.values_list("kind", "channel"))
        assert kinds[("hello", "in_app")] == 1
        assert kinds[("trip_assigned", "in_app")] == 1
        once = ("trip_assigned", "welcome", "daily_digest")
        assert [kinds[(kind, "email")] for kind in once] == [1, 1, 1]
        sent = Notification.objects.filter(channel="email", state=Notification.State.SENT)
        assert len(mails) == len(set(mails)) == sent.count()
        others = Notification.objects.exclude(state=Notification.State.SENT)
        # What a patient need not hear any more, now that the trip went on.
        assert set(others.values_list("state", "error")) <= {("skipped", "overtaken")}

    def _check_streams(self) -> None:
        for stream in Stream.objects.all():
            numbers = StreamEntry.objects.filter(stream=stream).order_by("seq")
            assert list(numbers.values_list("seq", flat=True)) == list(
                range(1, stream.last_seq + 1)
            )


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_in_the_middle_of_all_twelve(
    cast: Cast,
    broker: Broker,
    worker: StartWorker,
    process_env: dict[str, str],
    smtp_sink: Mailbox,
) -> None:
    """And every message comes a second time."""
    story, url = Story(cast), process_env["DATABASE_URL"]
    process = worker("--concurrency=12")
    process.start()
    with (
        locked(url, "trips_stream", mode="ACCESS EXCLUSIVE"),
        locked(url, "users_notification", "billing_invoice", "trips_gpsfix"),
    ):
        story.send_all(broker)
        wait_until(lambda: blocked(url) >= IN_THE_MIDDLE, 30, "all tasks in the middle")
        process.kill()
    story.send_all(broker)
    process.start()
    broker.wait_idle()
    broker.send(sweep)
    broker.wait_idle()
    wait_until(lambda: len(smtp_sink.messages) >= 4, 15, "the mails")
    story.check([f"{mail['To']} {mail['Subject']}" for mail in smtp_sink.messages])


@pytest.mark.django_db(transaction=True)
def test_a_worker_renews_what_it_holds(
    cast: Cast, broker: Broker, worker: StartWorker, process_env: dict[str, str]
) -> None:
    """A long task is not handed to a second worker while the first one lives."""
    worker("--concurrency=1").start()

    def held_since() -> list[float]:
        scores: Any = broker.redis.zrange(UNACKED_INDEX, 0, -1, withscores=True)
        return [since for _, since in scores]

    with locked(process_env["DATABASE_URL"], "users_notification"):
        broker.send(send_welcome_email, cast.pia.pk)
        wait_until(lambda: bool(held_since()), 15, "a task in the worker's hands")
        (first,) = held_since()
        wait_until(lambda: held_since()[0] > first + 3, 15, "a renewal")
    broker.wait_idle()
