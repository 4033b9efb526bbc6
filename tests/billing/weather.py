"""Many rides end while workers are killed and every message comes twice."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread

import redis
from django.db import connection
from django.utils import timezone

from billing.models import Invoice
from devtools import programs
from devtools.processes import STAGE_WORKER
from tests.cast import Cast
from tests.fixtures_processes import CeleryWorker, Mailbox, RealProcess
from tests.plugin import Services
from tests.threads import held, waiting_for_locks
from trips.events import relay
from trips.lifecycle import Action
from trips.models import Delivery, Trip
from trips.services import Tap, act
from trips.tasks import deliver
from users import mailer
from users.models import Notification
from users.tasks import send_mail

BILLS = Notification.objects.filter(kind="invoice", channel="email")


class QueueWorker(CeleryWorker):
    """The worker of some queues, as `make demo` starts one for each."""

    def __init__(self, services: Services, env: dict[str, str], name: str, queues: list[str]):
        argv = programs.celery_argv(queues, f"storm-{name}", "prefork", concurrency=1)
        program = programs.python(f"storm-{name}", argv, STAGE_WORKER, env)
        RealProcess.__init__(self, services.reaper, program, services.logs / f"storm-{name}.log")
        self._name = f"storm-{name}@"

    def answers(self) -> bool:
        """Whether this one replies to a ping."""
        from config.celery import app

        replies = app.control.ping(timeout=0.5) or []
        return any(name.startswith(self._name) for reply in replies for name in reply)


def rides(cast: Cast, count: int) -> list[int]:
    """Trips of the payer's at the clinic's door; Omar only has to say so."""
    trips = [cast.book(payer=cast.payer).pk for _ in range(count)]
    now = timezone.now()
    Trip.objects.filter(pk__in=trips).update(
        status="arrived_dropoff",
        driver=cast.driver,
        vehicle=cast.van,
        arrived_pickup_at=now - timedelta(minutes=30),
        picked_up_at=now - timedelta(minutes=25),
        dropped_off_at=now,
    )
    return trips


@contextmanager
def meanwhile(*works: Callable[[], object], every_s: float) -> Iterator[None]:
    """Each of `works` again and again, in a thread of its own."""
    over = Event()

    def repeat(work: Callable[[], object]) -> None:
        while not over.wait(every_s):
            work()
        connection.close()

    threads = [Thread(target=repeat, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(timeout=30)


class Echo:
    """A broker that delivers everything a second time."""

    def __init__(self) -> None:
        self.deliveries: set[int] = set()
        self.mails: set[int] = set()

    def __call__(self) -> None:
        """Repeat what is new."""
        for row in Delivery.objects.exclude(pk__in=self.deliveries):
            deliver.apply_async((row.topic, row.subject_id, row.subscriber, 0), queue="normal")
            self.deliveries.add(row.pk)
        for pk in BILLS.exclude(pk__in=self.mails).values_list("pk", flat=True):
            send_mail.delay(pk)
            self.mails.add(pk)


def beat() -> None:
    """What the clock does every few seconds."""
    relay.sweep()
    mailer.sweep_mail()


def wait_for(in_hand: Callable[[], bool]) -> None:
    """Until a worker has something in hand, so that it dies in the middle of it."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and not in_hand():
        time.sleep(0.01)


def kill(worker: CeleryWorker) -> None:
    """kill -9 in the middle of an invoice, and a new start; its leases are over at once."""
    # Who issues waits for the counter; the number is taken and nothing is committed yet.
    with held("LOCK TABLE billing_invoicecounter"):
        wait_for(lambda: waiting_for_locks() > 0)
        worker.kill()
    dead = Delivery.objects.filter(state="pending", attempts__gt=0)
    dead.update(due_at=timezone.now() - timedelta(seconds=1))
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as broker:
        if tags := broker.zrange("unacked_index", 0, -1):
            broker.zadd("unacked_index", dict.fromkeys(tags, 0))
    worker.start()


def kill_mailing(worker: CeleryWorker) -> None:
    """The same for the worker of the mails; what it had in hand is `unknown` five minutes later."""
    wait_for(BILLS.filter(state="claimed").exists)
    worker.kill()
    BILLS.filter(state="claimed").update(
        claimed_at=timezone.now() - mailer.CLAIM_GOOD_FOR - timedelta(seconds=1)
    )
    worker.start()


def wait_for_all(timeout_s: float) -> bool:
    """Until nothing is owed any more; whether that came about in time."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        # "unknown" is an end too: nobody sends it again blindly.
        under_way = BILLS.filter(state__in=("queued", "claimed")).exists()
        if not under_way and not Delivery.objects.filter(state="pending").exists():
            return True
        time.sleep(0.2)
    return False


def blow(
    cast: Cast,
    trips: list[int],
    normal: CeleryWorker,
    mailing: CeleryWorker,
    *,
    kills: int,
    mail_kills: int,
) -> None:
    """All trips are completed, some at each death of a worker; returns when all is done."""
    deaths = max(kills, mail_kills)
    normal.start()
    mailing.start()
    with meanwhile(Echo(), beat, every_s=0.3):
        for n in range(deaths + 1):
            driving = Thread(target=_complete, args=(cast, trips[n :: deaths + 1]), daemon=True)
            driving.start()
            if n < kills:
                kill(normal)
            if n < mail_kills:
                kill_mailing(mailing)
            driving.join(timeout=600)
        assert wait_for_all(60 + 3 * len(trips)), "work is left over"
        time.sleep(0.7)
        assert wait_for_all(60), "the echo is left over"


def _complete(cast: Cast, trips: list[int]) -> None:
    for trip_id in trips:
        act(trip_id=trip_id, user=cast.omar, tap=Tap(action=Action.COMPLETE))
    connection.close()


def report(trips: list[int], mailbox: Mailbox) -> dict[str, object]:
    """What came of it."""
    numbers = sorted(Invoice.objects.values_list("number", flat=True))
    bills = Counter(
        part.get_filename()
        for message in mailbox.messages
        for part in message.iter_attachments()
        if part.get_content_type() == "application/pdf"
    )
    return {
        "trips": len(trips),
        "invoices": len(numbers),
        "gapless": [int(n[-6:]) for n in numbers] == list(range(1, len(numbers) + 1)),
        "mails": sum(bills.values()),
        "billed": len(bills),
        "twice": [name for name, times in bills.items() if times > 1],
        "states": dict(Counter(BILLS.values_list("state", flat=True))),
        "deliveries": dict(Counter(Delivery.objects.values_list("state", flat=True))),
        "second attempts": Delivery.objects.filter(attempts__gt=1).count(),
    }
