"""Monthly statements: each invoice on one of them, each month closed once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import TestCase
from django.utils import timezone

from billing import invoices, statements, tasks
from billing.invoices import issue_invoice
from billing.models import Invoice, Statement, StatementItem
from billing.statements import Account, accounts, close, last_month, price
from tests.api.conftest import As
from tests.billing.backdating import backdated
from tests.cast import Cast
from tests.fixtures_processes import CeleryWorker, wait_until
from tests.held_broker import HeldBroker
from tests.threads import at_once
from trips import task_runs
from trips.models import Delivery, TaskRun, Trip
from users.models import Notification

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)


def month_before() -> date:
    return last_month(timezone.now())


def billed(cast: Cast, day: date | None = None, **fields: Any) -> Invoice:
    """An invoice for a trip of last month, or of another day."""
    fields = {"payer": cast.payer} | fields
    invoice = issue_invoice(cast.trip_in("completed", **fields).pk)
    return backdated(invoice, served_on=day or month_before())


def driven(cast: Cast, **fields: Any) -> Trip:
    """A trip of last month that nobody has billed."""
    trip = cast.trip_in("completed", **{"payer": cast.payer} | fields)
    at = timezone.now().replace(
        year=month_before().year, month=month_before().month, day=15, hour=12
    )
    Trip.objects.filter(pk=trip.pk).update(
        scheduled_at=at,
        arrived_pickup_at=at,
        picked_up_at=at,
        dropped_off_at=at + timedelta(minutes=20),
    )
    return trip


def on(statement: Statement) -> list[Invoice]:
    return [item.invoice for item in statement.items.order_by("invoice")]


def test_a_statement_collects_the_months_invoices_and_credit_notes(
    cast: Cast, held_broker: HeldBroker
) -> None:
    first, second = billed(cast), billed(cast)
    invoices.void(invoice_id=second.pk, by=cast.bea, reason="wrong rider")
    billed(cast, month_before() + timedelta(days=32))  # this month's
    billed(cast, payer=None)  # Pia's own
    [account] = accounts(month_before())
    [statement] = close(account, month_before())
    assert statement.debtor == cast.payer
    assert [one.kind for one in on(statement)] == ["trip", "trip", "credit"]
    assert statement.total_cents == first.total_cents
    assert statement.number == f"S{timezone.now().year}-000001"
    assert Delivery.objects.get(topic="statement.issued").subject_id == statement.pk


def test_a_facility_has_its_own_and_what_comes_late_is_on_the_next(
    cast: Cast, held_broker: HeldBroker
) -> None:
    late = month_before() - timedelta(days=1)
    by_clinic: dict[str, Any] = {"bill_to": "facility", "facility": cast.facility}
    invoice = billed(cast, late, **by_clinic)
    [statement] = close(Account(facility_id=cast.facility.pk), month_before())
    assert on(statement) == [invoice]
    assert close(Account(facility_id=cast.facility.pk), month_before()) == []
    assert accounts(month_before()) == []


def test_each_currency_has_a_statement_of_its_own(cast: Cast, held_broker: HeldBroker) -> None:
    billed(cast)
    backdated(billed(cast), currency="EUR")
    made = close(Account(payer_id=cast.payer.pk), month_before())
    assert [one.currency for one in made] == ["EUR", "USD"]
    assert [one.number[-6:] for one in made] == ["000001", "000002"]


def test_what_the_month_still_owes_is_billed_first(cast: Cast, held_broker: HeldBroker) -> None:
    trip = driven(cast)
    driven(cast, payer=None)
    account = Account(payer_id=cast.payer.pk)
    assert accounts(month_before()) == [account]
    assert (price(account, month_before()), price(account, month_before())) == (1, 0)
    assert [one.trip for one in on(close(account, month_before())[0])] == [trip]


def test_the_database_itself_keeps_an_invoice_on_one_statement_and_the_statement_as_it_is(
    cast: Cast, held_broker: HeldBroker
) -> None:
    billed(cast)
    [statement] = close(Account(payer_id=cast.payer.pk), month_before())
    item = statement.items.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        StatementItem.objects.create(statement=statement, invoice=item.invoice)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Statement.objects.update(total_cents=1)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        StatementItem.objects.all()._raw_delete("default")
    Statement.objects.update(sent_at=timezone.now())


@committed
def test_eight_who_close_a_month_at_once_make_one_statement(
    cast: Cast, held_broker: HeldBroker
) -> None:
    billed(cast)
    account = Account(payer_id=cast.payer.pk)
    answers = at_once(lambda: len(close(account, month_before())), 8)
    assert sorted(answers) == [0] * 7 + [1]


def test_the_payer_is_mailed_once(cast: Cast, held_broker: HeldBroker) -> None:
    billed(cast)
    [statement] = close(Account(payer_id=cast.payer.pk), month_before())
    for _ in range(2):
        statements.queue_statement(statement.pk)
    [mail] = Notification.objects.filter(kind="statement")
    assert (mail.address, mail.key) == (cast.payer.email, f"statement:{statement.pk}")
    statements.mark_sent(mail)
    statement.refresh_from_db()
    assert statement.sent_at is not None


# --- the chord


@committed
def test_a_person_closes_a_month_and_follows_it_to_its_end(
    cast: Cast, as_user: As, celery_worker_process: CeleryWorker
) -> None:
    by_clinic: dict[str, Any] = {"bill_to": "facility", "facility": cast.facility}
    billed(cast)
    billed(cast, **by_clinic)
    month = f"{month_before():%Y-%m}"
    client = as_user(cast.bea)
    begun = client.post("/api/statements/", {"month": month})
    assert begun.status_code == 202
    path = f"/api/tasks/{begun.json()['task_id']}/"
    wait_until(lambda: client.get(path).json()["ready"], 30, "the end of the month")
    task = client.get(path).json()
    assert (task["state"], task["current"], task["total"]) == ("SUCCESS", 2, 2)
    assert task["result"] == {
        "month": month_before().isoformat(),
        "statements": 2,
        "priced": 0,
        "failed": 0,
    }
    assert {str(one.debtor) for one in Statement.objects.all()} == {
        "Regional Plan",
        "Eastside Dialysis",
    }
    assert tasks.make_statements() == f"0 statements of {month_before()} begun"
    celery_worker_process.wait_idle()


def test_a_chord_that_was_lost_is_begun_again(
    cast: Cast, held_broker: HeldBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis forgets the counter: the callback never comes, and the sweeper asks again."""
    billed(cast)
    begun: list[Any] = []
    monkeypatch.setattr(tasks, "_begin", lambda *arguments: begun.append(arguments))
    month = month_before()
    run = task_runs.begin(
        owner=cast.bea, task="billing.tasks.close_month", parameters={"month": month.isoformat()}
    )
    tasks.close_month(str(run.pk), 0)
    tasks.price_account(cast.payer.pk, None, month.isoformat(), str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.current, run.total) == ("PROGRESS", 1, 1)
    TaskRun.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    with TestCase.captureOnCommitCallbacks(execute=True):
        assert task_runs.sweep() == 1
    [(_, arguments)] = held_broker.take("close_month")
    tasks.close_month(*arguments)
    assert len(begun) == 2
    pair: list[list[int | None]] = [[cast.payer.pk, None]]
    tasks.close_accounts([0], pair, month.isoformat(), str(run.pk))
    tasks.close_accounts([0], pair, month.isoformat(), str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.result["statements"]) == ("SUCCESS", 1)
    assert Statement.objects.count() == 1


def test_one_that_fails_does_not_hold_up_the_others(
    cast: Cast, held_broker: HeldBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    billed(cast)
    by_clinic: dict[str, Any] = {"bill_to": "facility", "facility": cast.facility}
    billed(cast, **by_clinic)
    pairs: list[list[int | None]] = [[10**12, None], [None, cast.facility.pk]]
    said = tasks.close_accounts([0, 0], pairs, month_before().isoformat(), "")
    assert said == f"1 statements of {month_before()}, 1 failed"


# --- over HTTP


@pytest.mark.parametrize("month", ["2999-01", "1999-12", "soon", "", None])
def test_a_month_that_is_not_over_is_400(cast: Cast, as_user: As, month: str | None) -> None:
    assert as_user(cast.bea).post("/api/statements/", {"month": month}).status_code == 400
    this_month = {"month": f"{timezone.now():%Y-%m}"}
    assert as_user(cast.bea).post("/api/statements/", this_month).status_code == 400


def test_billers_read_all_and_hugo_the_facilitys(
    cast: Cast, as_user: As, held_broker: HeldBroker
) -> None:
    by_clinic: dict[str, Any] = {"bill_to": "facility", "facility": cast.facility}
    billed(cast, **by_clinic)
    billed(cast)
    [theirs] = close(Account(facility_id=cast.facility.pk), month_before())
    [others] = close(Account(payer_id=cast.payer.pk), month_before())
    for user, seen in (
        (cast.bea, [others, theirs]),
        (cast.hugo, [theirs]),
        (cast.pia, []),
        (cast.eve, []),
    ):
        client = as_user(user)
        rows = client.get("/api/statements/").json()["results"]
        assert [row["id"] for row in rows] == [one.pk for one in seen]
        for one in (theirs, others):
            answer = client.get(f"/api/statements/{one.pk}/pdf/")
            assert answer.status_code == (200 if one in seen else 404)
    [row] = as_user(cast.hugo).get("/api/statements/").json()["results"]
    assert (row["invoices"], row["month"]) == (1, month_before().isoformat())
    assert as_user(cast.hugo).get(f"/api/statements/{theirs.pk}/pdf/").content[:5] == b"%PDF-"
