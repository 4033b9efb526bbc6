"""`manage.py celery_manager` beside a real worker and a real broker."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import psycopg
import pytest
from celery import current_app
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from billing.models import Invoice
from config import queues
from config.celery import QUEUES, debug_task
from config.health import readiness
from devtools.bootstrap import ROOT
from tests.cast import Cast
from tests.fixtures_processes import CeleryWorker, wait_until
from trips.lifecycle import Status
from trips.management.commands import celery_manager
from trips.models import Delivery, TaskFailure
from trips.operations import overview
from users.models import Notification
from users.tasks import send_welcome_email

pytestmark = pytest.mark.django_db(transaction=True)


def manager(*words: str) -> str:
    """What an action prints."""
    out = io.StringIO()
    call_command("celery_manager", *words, stdout=out)
    return out.getvalue()


@pytest.fixture
def worker(celery_worker_process: CeleryWorker) -> Iterator[CeleryWorker]:
    """A worker that has nothing to do when the test begins and when it ends."""
    celery_worker_process.wait_idle()
    yield celery_worker_process
    celery_worker_process.wait_idle()


@pytest.fixture
def no_worker(worker: CeleryWorker) -> Iterator[None]:
    """The worker is down meanwhile."""
    worker.stop()
    yield
    for queue in QUEUES:
        manager("purge", "-Q", queue, "--yes", "--yes")
    worker.start()


@pytest.fixture
def held_table() -> Iterator[None]:
    """Who needs the notifications waits until the test ends."""
    words = connection.get_connection_params()
    with psycopg.connect(
        host=words["host"], port=words["port"], user=words["user"],
        password=words["password"], dbname=words["dbname"],
    ) as holder:  # fmt: skip
        holder.execute("LOCK TABLE users_notification IN ACCESS EXCLUSIVE MODE")
        yield
        holder.rollback()


def beat_ran_just_now() -> None:
    every = IntervalSchedule.objects.create(every=5, period="seconds")
    PeriodicTask.objects.create(
        name="sweep-outbox", task="trips.tasks.sweep", interval=every, last_run_at=timezone.now()
    )


def test_status_is_well_when_everything_runs(worker: CeleryWorker) -> None:
    beat_ran_just_now()
    text = manager("status")
    assert "database ok, migrations ok, broker ok, layer ok" in text
    assert re.search(r"^normal +0 +0 +-  test@", text, re.MULTILINE)
    assert re.search(r"^beat +last sent a task \d+ s ago", text, re.MULTILINE)


def test_status_names_a_clock_that_stands_still(worker: CeleryWorker) -> None:
    with pytest.raises(CommandError, match="not everything is well"):
        manager("status")


def test_status_counts_what_is_owed_and_what_failed(cast: Cast, worker: CeleryWorker) -> None:
    now = timezone.now()
    Delivery.objects.create(
        topic="trip.completed", subject_id=1, subscriber="invoice", state="dead", due_at=now
    )
    TaskFailure.objects.create(task_id="a", task="t", error="OSError", failed_at=now)
    lines = "\n".join(overview.lines(readiness()))
    assert re.search(r"^outbox +1 dead", lines, re.MULTILINE)
    assert re.search(r"^tasks +1 failed", lines, re.MULTILINE)


def test_a_round_trip_goes_through_each_queue(worker: CeleryWorker) -> None:
    lines = manager("test", "--count", "2").splitlines()
    assert [line.split()[0] for line in lines] == list(QUEUES)
    assert all(re.search(r"2 round trips: [\d.]+ / [\d.]+ / [\d.]+ ms", line) for line in lines)


def test_without_a_worker_queues_fill_and_purge_drops_one_of_them_only(
    no_worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandError, match="high_priority, normal, low_priority"):
        manager("test", "--count", "1", "--timeout", "0.2")
    debug_task.apply_async(queue="low_priority")
    assert re.search(r"^low_priority +2 +0 +\d+\.\d s  none", manager("queues"), re.MULTILINE)
    answers = iter(["y", "n"])
    monkeypatch.setattr("builtins.input", lambda question: next(answers))
    with pytest.raises(CommandError, match="nothing was dropped"):
        manager("purge", "-Q", "low_priority")
    assert manager("purge", "-Q", "low_priority", "--yes", "--yes") == (
        "low_priority: 2 messages dropped\n"
    )
    assert [queues.get_queue_length(name) for name in QUEUES] == [1, 1, 0]


def test_one_yes_still_asks_once_and_a_misspelt_queue_is_refused(
    worker: CeleryWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def decline(question: str) -> str:
        asked.append(question)
        return "n"

    monkeypatch.setattr("builtins.input", decline)
    with pytest.raises(CommandError, match="nothing was dropped"):
        manager("purge", "-Q", "normal", "--yes")
    assert asked == ["Really, for good? [y/N] "]
    with pytest.raises(CommandError, match="no such queue: low"):
        manager("purge", "-Q", "normal,low", "--yes", "--yes")


def test_every_task_has_a_route_and_every_route_a_task() -> None:
    routes = overview.routes()
    assert {route.queue for route in routes} == set(QUEUES)
    assert [route for route in routes if route.problem] == []


def test_a_task_without_route_and_a_route_without_task_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    routes = current_app.conf.task_routes
    monkeypatch.setitem(routes, "trips.tasks.swep", routes["trips.tasks.sweep"])
    monkeypatch.delitem(routes, "trips.tasks.sweep")
    problems = {route.task: route.problem for route in overview.routes() if route.problem}
    assert problems == {
        "trips.tasks.sweep": "no route of its own",
        "trips.tasks.swep": "no such task",
    }


def test_active_shows_a_running_task_and_revoke_ends_it(
    cast: Cast, worker: CeleryWorker, held_table: None
) -> None:
    assert "runs nothing" in manager("active")
    task = send_welcome_email.delay(cast.pia.pk)
    running = f"users.tasks.send_welcome_email {task.id} for "
    wait_until(lambda: running in manager("active"), 10, "its start")
    assert manager("revoke", "--terminate", task.id) == "1 workers told to revoke 1 tasks\n"
    wait_until(lambda: running not in manager("active"), 10, "its end")


def test_scheduled_shows_what_is_for_later(worker: CeleryWorker) -> None:
    beat_ran_just_now()
    later = debug_task.apply_async(countdown=4)
    wait_until(lambda: f"{later.id} at " in manager("scheduled"), 4, "its turn")
    assert re.search(r"sweep-outbox +every 5 seconds", manager("scheduled"))


def test_events_follow_a_task_without_its_arguments(cast: Cast, worker: CeleryWorker) -> None:
    printed: list[str] = []
    watching = threading.Thread(
        target=lambda: printed.append(manager("events", "--seconds", "8", "--count", "3"))
    )
    watching.start()
    while watching.is_alive():
        debug_task.delay()
        watching.join(0.3)
    lines = printed[0].splitlines()
    assert len(lines) == 3
    assert all(
        re.match(r"\d\d:\d\d:\d\dZ task-\w+ +\S+ [0-9a-f-]{36} test@", line) for line in lines
    )


def test_monitor_looks_again(worker: CeleryWorker) -> None:
    text = manager("monitor", "--count", "2", "--interval", "0.1")
    assert text.count("parts ") == 2


def buried(cast: Cast) -> Delivery:
    """The invoice of a completed trip, after its handler failed too often."""
    cast.trip_in(Status.COMPLETED)
    Delivery.objects.exclude(subscriber="invoice").delete()
    Delivery.objects.update(state="dead", attempts=5, error="OperationalError")
    return Delivery.objects.get(subscriber="invoice")


def invoiced() -> bool:
    return Invoice.objects.count() == 1


@pytest.mark.parametrize(
    "which",
    [lambda row: [f"delivery:{row.pk}"], lambda row: ["--type", "invoice"], lambda row: ["--all"]],
    ids=["one", "by type", "all"],
)
def test_a_buried_delivery_is_tried_again(
    cast: Cast, worker: CeleryWorker, which: Callable[[Delivery], list[str]]
) -> None:
    row = buried(cast)
    assert f"delivery:{row.pk}" in manager("failed")
    assert manager("failed", "--type", "trip_notices") == "nothing has failed\n"
    assert manager("retry", *which(row)) == "1 of 1 queued again\n"
    wait_until(invoiced, 15, "the invoice")
    worker.wait_idle()
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("done", 1)
    assert manager("failed") == "nothing has failed\n"


def test_a_failed_task_is_tried_again_once(cast: Cast, worker: CeleryWorker) -> None:
    failure = TaskFailure.objects.create(
        task_id="a",
        task="users.tasks.send_welcome_email",
        arguments={"user_id": cast.pia.pk},
        error="OperationalError",
        failed_at=timezone.now(),
    )
    assert f"user_id={cast.pia.pk}" in manager("failed")
    assert manager("retry", f"task:{failure.pk}") == "1 of 1 queued again\n"
    assert manager("retry", f"task:{failure.pk}") == "0 of 1 queued again\n"
    welcomes = Notification.objects.filter(kind="welcome", user=cast.pia)
    wait_until(lambda: welcomes.count() == 1, 15, "the welcome")


def test_a_task_whose_arguments_were_not_kept_is_left_to_people(cast: Cast) -> None:
    failure = TaskFailure.objects.create(
        task_id="a", task="users.tasks.send_notification", error="OSError", failed_at=timezone.now()
    )
    assert "cannot be tried again" in manager("failed")
    assert manager("retry", "--all") == "0 of 0 queued again\n"
    assert manager("retry", f"task:{failure.pk}") == "0 of 1 queued again\n"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "say which"),
        (["--all", "--type", "invoice"], "say which"),
        (["7"], "7 is no key"),
        (["delivery:-1"], "is no key"),
        (["mail:1"], "is no key"),
    ],
)
def test_retry_wants_to_know_which(db: None, words: list[str], complaint: str) -> None:
    with pytest.raises(CommandError, match=complaint):
        manager("retry", *words)


@pytest.mark.parametrize("program", ["worker", "beat"])
def test_worker_and_beat_become_celery(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[list[str]] = []

    def execv(path: str, argv: list[str]) -> None:
        became.append(argv[1:])
        raise SystemExit

    monkeypatch.setattr(os, "execv", execv)
    options = ["-Q", "low_priority", "--loglevel=INFO"] if program == "worker" else ["-l", "INFO"]
    with pytest.raises(SystemExit):
        celery_manager.Command().run_from_argv(["manage.py", "celery_manager", program, *options])
    assert became == [["-m", "celery", "-A", "config", program, *options]]


def test_a_broker_that_is_away_is_one_line_not_a_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "celery_manager", "test", "--count", "1"],
        cwd=ROOT,
        env={**os.environ, "CELERY_BROKER_URL": "redis://127.0.0.1:1/0"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("CommandError: the broker is away")
    assert "Traceback" not in done.stderr
