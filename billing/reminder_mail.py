"""The mails of the ladder, with the invoice's PDF."""

from django.core.mail import EmailMultiAlternatives
from django.utils.translation import gettext as _

from billing.money import written
from billing.overdue import Action, Reminder, reminder_of
from billing.pdf import document_of
from users.mails import Letter, Reader, post, times
from users.mails.letters import Aside, Attachment, Tone, When, Words, facts
from users.models import Notification


def compose(row: Notification) -> EmailMultiAlternatives:
    """The mail of one step; Unwanted where the invoice is no longer overdue."""
    reminder = reminder_of(row)
    pdf = document_of(reminder.invoice)
    return post(row, lambda reader: letter(reminder, pdf, reader))


def letter(reminder: Reminder, pdf: bytes, reader: Reader) -> Letter:
    """The words of the step: the company's own sentence where it has one."""
    invoice, instructions = reminder.invoice, reader.company.payment_instructions
    heading = _heading(reminder.notice.action)
    owed = f"{written(reminder.balance_cents, invoice.currency)} {invoice.currency}"
    return Letter(
        subject=_("{heading}: invoice {number}").format(heading=heading, number=invoice.number),
        heading=heading,
        preview=owed,
        blocks=(
            Words(reminder.notice.words or _sentence(reminder)),
            When(
                _("It was due on {day}").format(day=times.full_day(invoice.due_on)),
                owed,
                _("Still to pay"),
            ),
            facts((_("Invoice"), invoice.number), (_("Trip"), str(invoice.trip_id))),
            *([Words(instructions)] if instructions else []),
            Aside(_("Please name the number of the invoice when you pay.")),
        ),
        tone=Tone.TROUBLE if reminder.notice.action == Action.FINAL_NOTICE else Tone.CHANGE,
        attachments=(Attachment(f"{invoice.number}.pdf", pdf, "application/pdf"),),
    )


def _heading(action: str) -> str:
    headings = {
        Action.FIRST_REMINDER: _("Payment reminder"),
        Action.SECOND_REMINDER: _("Second payment reminder"),
        Action.FINAL_NOTICE: _("Final notice"),
    }
    return headings[Action(action)]


def _sentence(reminder: Reminder) -> str:
    sentences = {
        Action.FIRST_REMINDER: _(
            "This invoice is {days} days past its due day. It may have slipped your mind: "
            "please pay it soon. If your payment is on its way, you need not do anything."
        ),
        Action.SECOND_REMINDER: _(
            "We reminded you of this invoice before, and it is now {days} days past its due day. "
            "Please pay it, or call us if something is wrong with it."
        ),
        Action.FINAL_NOTICE: _(
            "This invoice is {days} days past its due day. If it stays unpaid we will hand it "
            "over for collection. Please pay it now, or call us."
        ),
    }
    return sentences[Action(reminder.notice.action)].format(days=reminder.days_overdue)
