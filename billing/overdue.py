"""The ladder: what is done about invoices that stay unpaid, one step a night at most.

Each step is a `DunningNotice`, unique on invoice and step, written in one transaction with the
mail that it queues, while the invoice is locked: a run that dies half-way, comes twice or skips a
week repeats nothing. What was paid or credited meanwhile is left alone, also by mails that were
queued already (`reminder_of`).
"""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone

from billing.allocations import locked
from billing.balances import with_balance
from billing.invoices import mark_overdue
from billing.ladder import Step, Taken, next_step
from billing.models import DunningNotice, DunningStep, Invoice
from trips.events.log import recording
from trips.queries import company_day
from users.audiences import of_role
from users.channels.outcome import Unwanted
from users.models import Notification, User
from users.notifications import mail, tell
from users.roles import Role

logger = logging.getLogger(__name__)

Action = DunningStep.Action
PAGE = 200


@dataclass(frozen=True, slots=True)
class Reminder:
    """What a mail of the ladder is about: the step, its invoice and what is owed now."""

    notice: DunningNotice
    invoice: Invoice
    balance_cents: int
    days_overdue: int


def process_overdue() -> str:
    """Mark what is past its due day, and let each overdue invoice take the step that is due."""
    marked = mark_overdue()
    steps = take_steps(company_day(timezone.now()))
    said = "".join(f"{count} {action}, " for action, count in sorted(steps.items()))
    return f"{said}{marked} invoices became overdue"


def take_steps(today: date) -> Counter[str]:
    """How many invoices took which step; `failed` are those that could not, and are tried again."""
    steps = list(DunningStep.objects.filter(is_active=True))
    done: Counter[str] = Counter()
    for invoice in _unpaid():
        if _next(invoice, steps, today) is None:
            continue
        try:
            action = _take(invoice.pk, steps, today)
        except Exception as exc:  # one invoice must not hold up those behind it
            logger.exception("invoice %d takes no step: %s", invoice.pk, type(exc).__name__)
            action = "failed"
        done.update([action] if action else [])
    return done


def reminder_of(row: Notification) -> Reminder:
    """What the mail of `row` says; Unwanted where the invoice is no longer overdue."""
    notices = DunningNotice.objects.select_related("invoice")
    notice = notices.get(pk=int(row.key.partition(":")[2]))
    [invoice] = with_balance(Invoice.objects.filter(pk=notice.invoice_id))
    if not _is_unpaid(invoice):
        raise Unwanted("no longer overdue")
    days = (company_day(timezone.now()) - invoice.due_on).days
    return Reminder(notice, invoice, invoice.balance_cents, days)


def _is_unpaid(invoice: Any) -> bool:
    return bool(invoice.state == Invoice.State.OVERDUE and invoice.balance_cents > 0)


def _unpaid() -> Iterator[Any]:
    """Overdue invoices with their balance and the steps that they took; by key, page by page."""
    overdue = Invoice.objects.filter(state=Invoice.State.OVERDUE)
    owed = with_balance(overdue).filter(balance_cents__gt=0).prefetch_related("dunning")
    last = 0
    while page := list(owed.filter(pk__gt=last).order_by("pk")[:PAGE]):
        yield from page
        last = page[-1].pk


def _next(invoice: Any, steps: Sequence[DunningStep], today: date) -> DunningStep | None:
    taken = [Taken(one.days_after_due, one.action, one.taken_on) for one in invoice.dunning.all()]
    by_action = {step.action: step for step in steps}
    choices = [Step(step.days_after_due, step.action) for step in steps]
    found = next_step(choices, taken, invoice.due_on, today)
    return by_action[found.action] if found else None


def _take(invoice_id: int, steps: Sequence[DunningStep], today: date) -> str | None:
    """The step that the invoice takes, if it still has to once it is locked."""
    with recording():
        [invoice] = locked([invoice_id])
        step = _next(invoice, steps, today)
        if step is None or not _is_unpaid(invoice):
            return None
        notice = DunningNotice.objects.create(
            invoice=invoice,
            action=step.action,
            days_after_due=step.days_after_due,
            words=step.words,
            balance_cents=invoice.balance_cents,
            taken_on=today,
        )
        _say(notice, invoice)
    return str(step.action)


def _say(notice: DunningNotice, invoice: Invoice) -> None:
    if notice.action == Action.HAND_OVER:
        days = (notice.taken_on - invoice.due_on).days
        _tell_billers(notice, f"Invoice {invoice.number} is {days} days overdue: hand it over.")
    elif not invoice.debtor.email:
        why = f"Invoice {invoice.number} is overdue, and its debtor has no mail address."
        _tell_billers(notice, why)
    else:
        mail(
            kind=notice.action,
            key=f"overdue:{notice.pk}",
            address=invoice.debtor.email,
            trip_id=invoice.trip_id,
        )


def billers() -> list[User]:
    """Who looks after the money: the billers, or the administrators where there are none."""
    return list(of_role(Role.BILLER)) or list(of_role(Role.ADMIN))


def _tell_billers(notice: DunningNotice, message: str) -> None:
    tell(billers(), kind="invoice_hand_over", key=f"overdue:{notice.pk}", message=message)
