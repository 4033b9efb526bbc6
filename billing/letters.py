"""Mails about money, in words: numbers, days and amounts; who rode stands in the PDF only."""

from django.utils.translation import gettext as _

from billing.models import Invoice, Statement
from billing.money import written
from users.mails import Letter, Reader, times
from users.mails.letters import Aside, Attachment, Tone, When, Words, facts


def invoice_letter(invoice: Invoice, pdf: bytes, reader: Reader) -> Letter:
    """An invoice or a co-pay."""
    if invoice.kind == Invoice.Kind.CREDIT:
        return _credit_letter(invoice, pdf, reader)
    names = {"number": invoice.number, "company": reader.company.name}
    instructions = reader.company.payment_instructions
    return Letter(
        subject=_("Invoice {number} from {company}").format(**names),
        heading=_("Your invoice"),
        preview=_amount(invoice.total_cents, invoice.currency),
        blocks=(
            Words(_("You find the invoice for a trip attached as a PDF.")),
            When(
                _("Please pay by {day}").format(day=times.full_day(invoice.due_on)),
                _amount(invoice.total_cents, invoice.currency),
                _("To pay"),
            ),
            facts(
                (_("Invoice"), invoice.number),
                (_("Trip"), str(invoice.trip_id)),
                (_("Day of the trip"), times.full_day(invoice.served_on)),
            ),
            *([Words(instructions)] if instructions else []),
            Aside(_("Please name the number of the invoice when you pay.")),
        ),
        attachments=(_pdf(invoice.number, pdf),),
    )


def _credit_letter(invoice: Invoice, pdf: bytes, reader: Reader) -> Letter:
    names = {"number": invoice.number, "company": reader.company.name}
    corrected = invoice.corrects.number if invoice.corrects else ""
    return Letter(
        subject=_("Credit note {number} from {company}").format(**names),
        heading=_("A credit note for you"),
        preview=_amount(-invoice.total_cents, invoice.currency),
        tone=Tone.GOOD,
        blocks=(
            Words(
                _("We take back invoice {corrected}: you need not pay it.").format(
                    corrected=corrected
                )
            ),
            facts(
                (_("Credit note"), invoice.number),
                (_("Takes back invoice"), corrected),
                (_("Amount"), _amount(-invoice.total_cents, invoice.currency)),
                (_("Trip"), str(invoice.trip_id)),
            ),
            Aside(
                _(
                    "If the trip is billed again you get a new invoice. What you have paid already "
                    "is credited to you."
                )
            ),
        ),
        attachments=(_pdf(invoice.number, pdf),),
    )


def statement_letter(statement: Statement, count: int, pdf: bytes, reader: Reader) -> Letter:
    """A month's statement with `count` invoices and credit notes."""
    names = {"number": statement.number, "company": reader.company.name}
    return Letter(
        subject=_("Statement {number} from {company}").format(**names),
        heading=_("Your statement for {month}").format(month=times.month(statement.month)),
        preview=_amount(statement.total_cents, statement.currency),
        blocks=(
            Words(_("You find the statement of the month attached as a PDF.")),
            facts(
                (_("Statement"), statement.number),
                (_("Invoices and credit notes"), str(count)),
                (_("Total of the month"), _amount(statement.total_cents, statement.currency)),
            ),
            Aside(_("The statement sums up invoices that you have already. It is no new invoice.")),
        ),
        attachments=(_pdf(statement.number, pdf),),
    )


def _amount(amount_cents: int, currency: str) -> str:
    return f"{written(amount_cents, currency)} {currency}"


def _pdf(number: str, content: bytes) -> Attachment:
    return Attachment(f"{number}.pdf", content, "application/pdf")
