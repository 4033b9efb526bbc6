"""A corrected rate: first what it would change, then changing it, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import TestCase
from django.utils import timezone

from billing import repricing
from billing.invoices import issue_invoice
from billing.models import Invoice, Rate
from tests.api.conftest import As
from tests.cast import Cast
from tests.held_broker import HeldBroker
from trips import task_runs
from trips.models import TaskRun
from users.models import User

pytestmark = pytest.mark.django_db
URL = "/api/invoices/reprice/"


@pytest.fixture(autouse=True)
def _nobody_publishes(held_broker: HeldBroker) -> None:
    """Jobs run where a test runs them."""


@pytest.fixture
def billed(cast: Cast) -> list[Invoice]:
    """Two of the payer's, one of Pia's."""
    return [
        issue_invoice(cast.trip_in("completed", payer=payer).pk)
        for payer in (cast.payer, cast.payer, None)
    ]


def period(**more: Any) -> dict[str, Any]:
    today = timezone.now().date()
    days = {"first_day": today - timedelta(days=2), "last_day": today + timedelta(days=2)}
    return {name: day.isoformat() for name, day in days.items()} | more


def correct_the_rate(cents: int) -> None:
    """A second version that begins on the same day."""
    old = Rate.objects.get(mobility="ambulatory", payer=None, version=1)
    Rate.objects.create(
        mobility="ambulatory",
        valid_from=old.valid_from,
        version=2,
        base_cents=old.base_cents + cents,
        mile_cents=old.mile_cents,
        wait_increment_cents=old.wait_increment_cents,
    )


def work(run_id: str, work: task_runs.Work) -> TaskRun:
    """The job, as its task would do it."""
    with TestCase.captureOnCommitCallbacks(execute=True):
        task_runs.work_on(run_id, 0, work)
    return TaskRun.objects.get(pk=run_id)


def dry_run(as_user: As, who: User, **more: Any) -> TaskRun:
    answer = as_user(who).post(URL, period(**more))
    assert answer.status_code == 202, answer.content
    return work(answer.json()["task_id"], repricing.preview)


def test_a_dry_run_says_what_would_change_and_changes_nothing(
    cast: Cast, as_user: As, billed: list[Invoice]
) -> None:
    correct_the_rate(700)
    run = dry_run(as_user, cast.bea)
    assert run.state == "SUCCESS"
    assert run.result == {
        "trips": 3,
        "changed": 3,
        "difference_cents": 2_100,
        "unpriced": 0,
        "changes": [
            {"trip": one.trip_id, "old_cents": one.total_cents, "new_cents": one.total_cents + 700}
            for one in billed
        ],
    }
    assert Invoice.objects.count() == 3
    assert Rate.objects.get(version=2).used_at is None


def test_what_was_shown_is_done_once_by_credit_notes_and_revisions(
    cast: Cast, as_user: As, billed: list[Invoice]
) -> None:
    correct_the_rate(-100)
    run = dry_run(as_user, cast.bea, payer_id=cast.payer.pk, reason="Contract of March.")
    assert (run.result["changed"], run.result["difference_cents"]) == (2, -200)
    answer = as_user(cast.bea).post(f"{URL}{run.pk}/apply/")
    assert answer.status_code == 202
    job = work(answer.json()["task_id"], repricing.reprice)
    assert job.result == {"trips": 2, "changed": 2, "documents": 4, "unpriced": 0}
    for old in billed[:2]:
        credit, new = Invoice.objects.filter(trip=old.trip_id).order_by("pk")[1:]
        assert (credit.cause, credit.reason, credit.issued_by) == (
            "rate",
            "Contract of March.",
            cast.bea,
        )
        assert (new.revision, new.total_cents) == (1, old.total_cents - 100)
        assert {line.rate.version for line in new.lines.all() if line.rate} == {2}
    assert Invoice.objects.filter(trip=billed[2].trip_id).count() == 1
    # Again: the job itself, and the request for it.
    again = work(str(_run_again(job).pk), repricing.reprice)
    assert again.result["changed"] == 0
    assert as_user(cast.bea).post(f"{URL}{run.pk}/apply/").status_code == 404


def _run_again(job: TaskRun) -> TaskRun:
    return TaskRun.objects.create(
        owner=job.owner, task=job.task, parameters=job.parameters, due_at=timezone.now()
    )


def test_nothing_is_done_without_ones_own_dry_run_of_today(
    cast: Cast, as_user: As, billed: list[Invoice]
) -> None:
    run = dry_run(as_user, cast.bea)
    assert as_user(cast.ada).post(f"{URL}{run.pk}/apply/").status_code == 404
    assert as_user(cast.bea).post(f"{URL}{billed[0].trip_id:036d}/apply/").status_code == 404
    TaskRun.objects.update(finished_at=timezone.now() - repricing.GOOD_FOR)
    assert as_user(cast.bea).post(f"{URL}{run.pk}/apply/").status_code == 404


def test_the_right_price_and_what_was_taken_back_are_left_alone(
    cast: Cast, as_user: As, billed: list[Invoice]
) -> None:
    void = as_user(cast.bea).post(f"/api/invoices/{billed[0].pk}/void/", {"reason": "x"})
    assert void.status_code == 200
    run = dry_run(as_user, cast.bea)
    assert (run.result["trips"], run.result["changed"]) == (2, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"first_day": "2026-02-30"},
        {"first_day": "1999-12-31"},
        {"last_day": "2020-01-01"},
        {"payer_id": 10**12},
        {"mobility": "rocket"},
        {"dry_run": False},
        {"reason": "x" * 251},
    ],
)
def test_a_period_that_is_none_is_400(cast: Cast, as_user: As, wrong: dict[str, Any]) -> None:
    assert as_user(cast.bea).post(URL, period() | wrong).status_code == 400
