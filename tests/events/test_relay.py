"""A reaction that is owed: run at least once, its effect once; late rather than lost."""

from __future__ import annotations

from datetime import timedelta
from threading import Event, Thread

import pytest
from django.db import connection
from django.utils import timezone

from tests.events import probes
from tests.events.probes import NAME, TOPIC, Probe, overdue, owe
from tests.held_broker import HeldBroker
from tests.threads import at_once
from trips.events import relay
from trips.events.relay import LEASE, MOST_ATTEMPTS, backoff
from trips.models import Delivery, Payer

pytestmark = pytest.mark.django_db
#: Other threads see only what is committed.
committed = pytest.mark.django_db(transaction=True)
PATIENT_NAME = "Pia Ek"


@pytest.fixture
def probe(held_broker: HeldBroker, monkeypatch: pytest.MonkeyPatch) -> Probe:
    return probes.subscribe(monkeypatch)


def run(attempt: int = 0, subject_id: int = 7) -> str:
    return relay.run(TOPIC, subject_id, NAME, attempt)


class Killed(BaseException):
    """No exception that a handler may have: nothing that follows is done."""


def killed(subject_id: int) -> None:
    raise Killed


def run_and_be_killed(probe: Probe, attempt: int) -> None:
    probe.work, work = killed, probe.work
    with pytest.raises(Killed):
        run(attempt)
    probe.work = work


def state(row: Delivery) -> tuple[str, int]:
    row.refresh_from_db()
    return row.state, row.attempts


def fail(subject_id: int) -> None:
    Payer.objects.create(name=f"written for {subject_id}")
    raise RuntimeError(f"{PATIENT_NAME} has no address")


def test_a_delivery_runs_its_handler_and_is_done(probe: Probe) -> None:
    row = owe()
    assert run() == "done"
    assert probe.calls == [7]
    assert state(row) == ("done", 1)
    assert row.done_at is not None


def test_a_message_that_the_broker_delivers_twice_claims_nothing_the_second_time(
    probe: Probe,
) -> None:
    owe()
    assert [run(), run(), run(1)] == ["done", "nothing to do", "nothing to do"]
    assert probe.calls == [7]


@committed
def test_eight_workers_with_the_same_message_run_it_once(probe: Probe) -> None:
    row = owe()
    answers = at_once(run, 8)
    assert sorted(answers) == ["done", *["nothing to do"] * 7]
    assert probe.calls == [7]
    assert state(row) == ("done", 1)


@committed
def test_a_handler_that_outlives_its_lease_is_not_swept_and_run_beside_itself(
    probe: Probe, held_broker: HeldBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "LEASE", timedelta(seconds=-1))
    row = owe()
    begun, go_on = Event(), Event()

    def slowly(subject_id: int) -> None:
        begun.set()
        assert go_on.wait(20)

    def work() -> None:
        run()
        connection.close()

    probe.work = slowly
    slow = Thread(target=work, daemon=True)
    slow.start()
    assert begun.wait(20)
    assert relay.sweep() == 0
    assert run() == "nothing to do"  # the broker hands on what was not acknowledged
    go_on.set()
    slow.join(20)
    assert probe.calls == [7]
    assert state(row) == ("done", 1)
    assert held_broker.take() == []


def test_what_a_failed_handler_wrote_is_rolled_back_and_tried_again(probe: Probe) -> None:
    row = owe()
    probe.work = fail
    assert run() == "failed"
    assert not Payer.objects.exists()
    assert state(row) == ("pending", 1)
    probe.work = lambda subject_id: Payer.objects.create(name="written")
    assert run(1) == "done"
    assert Payer.objects.count() == 1
    row.refresh_from_db()
    assert row.error == ""


def test_the_note_of_a_failure_holds_no_text_that_could_name_a_patient(
    probe: Probe, caplog: pytest.LogCaptureFixture
) -> None:
    row = owe()
    probe.work = fail
    run()
    row.refresh_from_db()
    assert row.error == "RuntimeError"
    assert "RuntimeError" in caplog.text
    assert PATIENT_NAME not in caplog.text


def test_a_handler_that_breaks_its_transaction_fails_like_any_other(probe: Probe) -> None:
    row = owe()

    def twice(subject_id: int) -> None:
        Payer.objects.create(name="the same")
        Payer.objects.create(name="the same")

    probe.work = twice
    assert run() == "failed"
    row.refresh_from_db()
    assert row.error == "IntegrityError"
    assert not Payer.objects.exists()


def test_each_failure_waits_longer_and_the_fifth_buries(probe: Probe) -> None:
    row = owe()
    probe.work = fail
    waits = []
    for attempt in range(MOST_ATTEMPTS):
        assert state(row) == ("pending", attempt)
        assert run(attempt) == "failed"
        row.refresh_from_db()
        waits.append(round((row.due_at - timezone.now()).total_seconds()))
    assert waits == [pytest.approx(seconds, abs=1) for seconds in (2, 8, 32, 128, 512)]
    assert state(row) == ("dead", MOST_ATTEMPTS)
    overdue(row)
    assert relay.sweep() == 0
    assert run(MOST_ATTEMPTS) == "nothing to do"
    assert len(probe.calls) == MOST_ATTEMPTS


def test_the_pauses_grow_fourfold_up_to_ten_minutes() -> None:
    assert [backoff(n).total_seconds() for n in range(1, 8)] == [2, 8, 32, 128, 512, 600, 600]


def test_what_a_killed_worker_had_in_hand_is_swept_after_its_lease(
    probe: Probe, held_broker: HeldBroker
) -> None:
    row = owe()
    run_and_be_killed(probe, 0)
    row.refresh_from_db()
    assert row.due_at - timezone.now() == pytest.approx(LEASE, abs=timedelta(seconds=5))
    assert relay.sweep() == 0
    overdue(row)
    assert relay.sweep() == 1
    assert held_broker.take() == [("trips.tasks.deliver", (TOPIC, 7, NAME, 1))]
    assert run(0) == "nothing to do"  # the old message, handed on by the broker
    assert run(1) == "done"
    assert probe.calls == [7, 7]


def test_a_handler_that_kills_its_worker_five_times_is_buried_by_the_sweeper(
    probe: Probe, held_broker: HeldBroker
) -> None:
    row = owe()
    for attempt in range(MOST_ATTEMPTS):
        run_and_be_killed(probe, attempt)
        overdue(row)
        assert relay.sweep() == 1
    assert state(row) == ("dead", MOST_ATTEMPTS)
    assert row.error == "its worker died"
    assert len(held_broker.take()) == MOST_ATTEMPTS - 1
    assert relay.sweep() == 0
    assert probe.calls == [7] * MOST_ATTEMPTS


def test_what_is_not_due_yet_or_was_just_queued_again_is_left_alone(
    probe: Probe, held_broker: HeldBroker
) -> None:
    owe(1)
    late = owe(2, due_in_s=-1)
    assert [relay.sweep(), relay.sweep()] == [1, 0]
    assert held_broker.take() == [("trips.tasks.deliver", (TOPIC, 2, NAME, 0))]
    overdue(late)
    assert relay.sweep() == 1


@committed
def test_four_sweepers_at_once_queue_each_delivery_once(
    probe: Probe, held_broker: HeldBroker
) -> None:
    for n in range(60):
        owe(n, due_in_s=-1)
    found = at_once(relay.sweep, 4)
    assert sum(found) == 60
    assert sorted(args[1] for _, args in held_broker.take("deliver")) == list(range(60))


def test_an_unknown_delivery_is_nothing_to_do(probe: Probe) -> None:
    assert run(subject_id=10**9) == "nothing to do"
    assert probe.calls == []


def test_something_owed_twice_is_owed_once(probe: Probe) -> None:
    from trips.events.log import Recording

    log = Recording()
    log.deliveries = [
        Delivery(topic=TOPIC, subject_id=7, subscriber=NAME, due_at=timezone.now())
        for _ in range(2)
    ]
    log.flush()
    assert Delivery.objects.count() == 1
