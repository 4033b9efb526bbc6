"""One letter of each kind about money, for tests and `manage.py preview_emails`; no database."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

from billing import reminder_mail
from billing.letters import invoice_letter, statement_letter
from billing.models import DunningNotice, DunningStep, Invoice, Statement
from billing.overdue import Reminder
from users.mails.samples import Write

_PDF = b"%PDF-1.7 sample"
_STEPS = (
    (DunningStep.Action.FIRST_REMINDER, 3),
    (DunningStep.Action.SECOND_REMINDER, 14),
    (DunningStep.Action.FINAL_NOTICE, 30),
)


def letters() -> Mapping[str, Write]:
    """{kind: writer of its letter}."""
    invoice, credit = _invoice(), _credit_note()
    found: dict[str, Write] = {
        "invoice": lambda to: invoice_letter(invoice, _PDF, to),
        "credit_note": lambda to: invoice_letter(credit, _PDF, to),
        "statement": lambda to: statement_letter(_statement(), 38, _PDF, to),
    }
    return found | {action.value: _reminder(action, days) for action, days in _STEPS}


def _reminder(action: DunningStep.Action, days: int) -> Write:
    notice = DunningNotice(action=action, days_after_due=days)
    reminder = Reminder(notice, _invoice(), 8_450, days)
    return lambda to: reminder_mail.letter(reminder, _PDF, to)


def _invoice() -> Invoice:
    return Invoice(
        pk=512,
        number="2026-000512",
        trip_id=1284,
        currency="USD",
        total_cents=8_450,
        served_on=date(2026, 11, 20),
        issued_at=datetime(2026, 11, 20, 16, 5, tzinfo=UTC),
        due_on=date(2026, 12, 20),
    )


def _credit_note() -> Invoice:
    note = _invoice()
    note.number, note.kind, note.total_cents = "2026-000530", Invoice.Kind.CREDIT, -8_450
    note.corrects = _invoice()
    return note


def _statement() -> Statement:
    return Statement(
        number="S2026-000041", month=date(2026, 10, 1), currency="USD", total_cents=312_075
    )
