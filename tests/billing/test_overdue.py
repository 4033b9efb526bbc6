"""The ladder: each step once, one a night, none for what was paid, and nobody is hurried."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.test import TestCase
from django.utils import timezone

from billing import overdue, payments
from billing.allocations import Debtor
from billing.models import DunningNotice, DunningStep, Invoice
from billing.payments import Money
from billing.tasks import process_overdue_invoices
from tests.billing.backdating import backdated
from tests.billing.dues import credit, owe, today
from tests.cast import Cast
from tests.fixtures_processes import Mailbox
from tests.held_broker import HeldBroker
from tests.threads import at_once
from trips.models import Company, Patient
from users.models import Notification

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_broker")]
FIRST, SECOND, FINAL, HAND_OVER = (action.value for action in DunningStep.Action)


def late(cast: Cast, days: int, **fields: Any) -> Invoice:
    return owe(cast, 1_000, due_in=-days, state="overdue", **fields)


def taken(invoice: Invoice) -> list[str]:
    return list(invoice.dunning.order_by("pk").values_list("action", flat=True))


def words_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def run(on: date) -> dict[str, int]:
    return dict(overdue.take_steps(on))


def pay_all(cast: Cast, invoice: Invoice) -> None:
    payments.record(
        Money(
            debtor=Debtor.of(invoice), amount_cents=invoice.total_cents, currency="USD",
            method="cash", received_on=today(),
        ),
        user=cast.bea,
        shares=[(invoice.pk, invoice.total_cents)],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("days", "steps"),
    [(2, []), (3, [FIRST]), (13, [FIRST]), (14, [FIRST, SECOND]), (29, [FIRST, SECOND]),
     (30, [FIRST, SECOND, FINAL]), (44, [FIRST, SECOND, FINAL]),
     (45, [FIRST, SECOND, FINAL, HAND_OVER]), (400, [FIRST, SECOND, FINAL, HAND_OVER])],
)  # fmt: skip
def test_night_after_night_the_steps_come_on_their_days(
    cast: Cast, days: int, steps: list[str]
) -> None:
    invoice = late(cast, 400)
    for day in range(min(days, 50) + 1):
        run(invoice.due_on + timedelta(days=day))
    assert taken(invoice) == steps


def test_a_run_that_comes_twice_says_nothing_twice(cast: Cast) -> None:
    invoice = late(cast, 3)
    assert process_overdue_invoices() == f"1 {FIRST}, 0 invoices became overdue"
    assert process_overdue_invoices() == "0 invoices became overdue"
    assert Notification.objects.filter(kind=FIRST).count() == 1
    assert taken(invoice) == [FIRST]


def test_what_was_missed_comes_one_step_at_a_time_and_a_week_apart(cast: Cast) -> None:
    invoice = late(cast, 60)
    for night in range(30):
        run(today() + timedelta(days=night))
    days = [(one.taken_on - today()).days for one in invoice.dunning.order_by("pk")]
    assert taken(invoice) == [FIRST, SECOND, FINAL, HAND_OVER]
    assert days == [0, 7, 14, 21]


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_take_each_step_once(cast: Cast) -> None:
    invoices = [late(cast, 3) for _ in range(5)]
    answers = at_once(lambda: run(today()), 4)
    assert sum(answer.get(FIRST, 0) for answer in answers) == 5
    assert [taken(invoice) for invoice in invoices] == [[FIRST]] * 5


def test_a_run_that_dies_half_way_is_finished_by_the_next_one(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoices = [late(cast, 3) for _ in range(3)]
    say, died = overdue._say, iter([False, True, False])

    def dying(notice: DunningNotice, invoice: Invoice) -> None:
        say(notice, invoice)
        if next(died):
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(overdue, "_say", dying)
        with pytest.raises(KeyboardInterrupt):
            run(today())
    assert [taken(invoice) for invoice in invoices] == [[FIRST], [], []]
    assert run(today()) == {FIRST: 2}
    assert Notification.objects.filter(kind=FIRST).count() == 3


def test_an_invoice_that_cannot_be_said_does_not_hold_up_the_others(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = late(cast, 3), late(cast, 3)
    say = overdue._say

    def picky(notice: DunningNotice, invoice: Invoice) -> None:
        if invoice.pk == first.pk:
            raise LookupError
        say(notice, invoice)

    with monkeypatch.context() as patch:
        patch.setattr(overdue, "_say", picky)
        assert run(today()) == {"failed": 1, FIRST: 1}
    assert run(today()) == {FIRST: 1}
    assert [taken(first), taken(second)] == [[FIRST], [FIRST]]


# --- what stops it


def test_what_is_paid_void_or_credited_is_left_alone(cast: Cast) -> None:
    paid, void, credited = late(cast, 3), owe(cast, 5, due_in=-3, state="void"), late(cast, 3)
    pay_all(cast, paid)
    credit(credited)
    run(today())
    assert [taken(one) for one in (paid, void, credited)] == [[], [], []]


def test_paid_between_two_steps_stops_it_and_a_bounced_check_starts_it_again(cast: Cast) -> None:
    invoice = late(cast, 14)
    run(today())
    pay_all(cast, invoice)
    for night in range(7, 60):
        run(today() + timedelta(days=night))
    assert taken(invoice) == [FIRST]
    payment = invoice.allocations.get().payment
    payments.reverse(payment.pk, user=cast.bea, received_on=today(), note="bounced")
    run(today() + timedelta(days=60))
    assert taken(invoice) == [FIRST, SECOND]


def test_a_mail_that_waited_while_it_was_paid_is_not_sent(
    cast: Cast, held_broker: HeldBroker, smtp_sink: Mailbox
) -> None:
    kept, paid = late(cast, 3), late(cast, 3)
    with TestCase.captureOnCommitCallbacks(execute=True):
        run(today())
    pay_all(cast, paid)
    held_broker.deliver()
    [mail] = smtp_sink.messages
    assert kept.number in str(mail["Subject"])
    states = Notification.objects.filter(kind=FIRST).order_by("pk")
    assert [row.state for row in states] == ["sent", "skipped"]


# --- who hears of it, and what


def test_who_pays_gets_the_mail_with_the_pdf_and_nobody_else(
    cast: Cast, held_broker: HeldBroker, smtp_sink: Mailbox
) -> None:
    invoice = late(cast, 3)
    with TestCase.captureOnCommitCallbacks(execute=True):
        run(today())
    held_broker.deliver()
    [mail] = smtp_sink.messages
    assert mail["To"] == "claims@regional.invalid"
    assert "Pia" not in mail.as_string()
    assert "10.00" in words_of(mail)
    [pdf] = [part for part in mail.walk() if part.get_content_type() == "application/pdf"]
    assert pdf.get_filename() == f"{invoice.number}.pdf"


def test_the_companys_own_words_take_the_place_of_ours(
    cast: Cast, held_broker: HeldBroker, smtp_sink: Mailbox
) -> None:
    DunningStep.objects.filter(action=FIRST).update(words="Dear friends, the rent is due.")
    late(cast, 3)
    with TestCase.captureOnCommitCallbacks(execute=True):
        run(today())
    held_broker.deliver()
    assert "the rent is due" in words_of(smtp_sink.messages[0])


def test_the_hand_over_tells_bea_and_mails_nobody(cast: Cast) -> None:
    invoice = late(cast, 45)
    DunningNotice.objects.create(
        invoice=invoice, action=FINAL, days_after_due=30, balance_cents=1_000,
        taken_on=today() - timedelta(days=15),
    )  # fmt: skip
    assert run(today()) == {HAND_OVER: 1}
    notice = Notification.objects.get()
    assert (notice.user, notice.channel) == (cast.bea, "in_app")
    assert notice.message == f"Invoice {invoice.number} is 45 days overdue: hand it over."


def test_a_debtor_without_an_address_is_not_passed_over_in_silence(cast: Cast) -> None:
    Patient.objects.update(email="")
    late(cast, 3, patient=cast.patient)
    assert run(today()) == {FIRST: 1}
    notice = Notification.objects.get()
    assert notice.user == cast.bea
    assert "no mail address" in notice.message


def test_days_and_steps_are_data(cast: Cast) -> None:
    DunningStep.objects.filter(action=FIRST).update(days_after_due=5)
    DunningStep.objects.filter(action=SECOND).update(is_active=False)
    invoice = late(cast, 100)
    for day in range(31):
        run(invoice.due_on + timedelta(days=day))
    days = [(one.action, one.taken_on - invoice.due_on) for one in invoice.dunning.order_by("pk")]
    assert days == [(FIRST, timedelta(days=5)), (FINAL, timedelta(days=30))]


@pytest.mark.parametrize(
    ("zone", "moment", "is_overdue"),
    [
        # Due on the 10th. At 02:00 UTC it is the 11th in Stockholm, and still the 10th in Denver.
        ("Europe/Stockholm", datetime(2026, 3, 11, 2, 0, tzinfo=UTC), True),
        ("America/Denver", datetime(2026, 3, 11, 2, 0, tzinfo=UTC), False),
        ("America/Denver", datetime(2026, 3, 11, 6, 0, tzinfo=UTC), True),
        ("Pacific/Auckland", datetime(2026, 3, 10, 11, 0, tzinfo=UTC), True),
        ("Pacific/Auckland", datetime(2026, 3, 10, 10, 0, tzinfo=UTC), False),
    ],
)
def test_the_due_day_ends_at_midnight_where_the_company_is(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, zone: str, moment: datetime, is_overdue: bool
) -> None:
    Company.objects.update(time_zone=zone)
    invoice = backdated(owe(cast, 100), due_on=date(2026, 3, 10))
    monkeypatch.setattr(timezone, "now", lambda: moment)
    process_overdue_invoices()
    invoice.refresh_from_db()
    assert (invoice.state == "overdue") is is_overdue
