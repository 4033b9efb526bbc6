"""Invoices as pages: which words and amounts stand where, in the reader's language.

What is drawn is what the database holds; nothing is added up here but for the reader's eye.
"""

from datetime import date
from typing import Any

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from billing.documents import qr
from billing.documents.content import (
    Charge,
    Fact,
    InvoicePage,
    Party,
    Payment,
    paper_of,
)
from billing.models import Invoice, InvoiceLine, Statement
from billing.money import written
from trips.models import Company, Facility, Patient, Payer
from trips.queries import company_day
from users.languages import language_of

Kind, State, Cause = Invoice.Kind, Invoice.State, Invoice.Cause


def page_of_invoice(invoice: Invoice, paid_cents: int | None = None) -> InvoicePage:
    """An invoice, a co-pay or a credit note as it was issued; `paid_cents`: as it stands by now."""
    company, language = Company.get(), language_for(invoice.debtor)
    with translation.override(language):
        return InvoicePage(
            **letter(company, invoice, language),
            title=_title(invoice),
            to_label=_("Credited to") if invoice.kind == Kind.CREDIT else _("Billed to"),
            facts=_invoice_facts(invoice),
            headline=_headline(invoice, paid_cents),
            headline_note=_headline_note(invoice, paid_cents),
            columns=[
                _("Code"),
                _("Service"),
                _("Quantity"),
                _("Price"),
                amount_column(invoice.currency),
            ],
            sums=_invoice_sums(invoice, paid_cents),
            stamp=_stamp(invoice, paid_cents),
            note=_note(invoice),
            payment=_invoice_payment(company, invoice, paid_cents),
            service=_service(invoice),
            lines=[_charge(line, invoice.currency) for line in invoice.lines.all()],
        )


# --- what both have


def letter(company: Company, document: Invoice | Statement, language: str) -> dict[str, Any]:
    """What every page has: who writes to whom, on which paper. For `Page`'s fields."""
    contact = "   ".join(part for part in (company.phone, company.email) if part)
    debtor = document.debtor
    return {
        "number": document.number,
        "issued_on": company_day(document.issued_at),
        "language": language,
        "paper": paper_of(document.currency),
        "page_words": (_("Page"), pgettext("page 1 of 2", "of")),
        "sender": Party(name=company.name, below=[*company.address.splitlines(), contact]),
        "sender_facts": ([Fact(label=_("Tax ID"), value=company.tax_id)] if company.tax_id else []),
        "receiver": Party(name=debtor.name, below=debtor.address.splitlines()),
    }


def language_for(debtor: Payer | Facility | Patient) -> str:
    """A patient's own language; the default for payers and facilities."""
    return language_of([debtor.language] if isinstance(debtor, Patient) else [])


def day_text(day: date) -> str:
    """Nov 20, 2026."""
    return date_format(day, pgettext("short day with year", "M j, Y"), use_l10n=False)


def money_text(amount_cents: int, currency: str) -> str:
    """1,234.56, with a real minus sign."""
    return written(amount_cents, currency).replace("-", "−")


def total_text(document: Invoice | Statement, amount_cents: int | None = None) -> str:
    """USD 1,234.56: the document's total, or another amount in its currency."""
    amount = document.total_cents if amount_cents is None else amount_cents
    return f"{document.currency} {money_text(amount, document.currency)}"


def amount_column(currency: str) -> str:
    """The head of the column of amounts."""
    return _("Amount (%(currency)s)") % {"currency": currency}


def payment_of(
    company: Company, document: Invoice | Statement, amount_cents: int
) -> Payment | None:
    """How to pay `amount_cents`; None where nothing is to be paid."""
    if amount_cents <= 0:
        return None
    amount = money_text(amount_cents, document.currency)
    scan, code = qr.code_of(
        qr.Due(
            reference=document.number,
            amount_cents=amount_cents,
            amount=amount,
            currency=document.currency,
            company=company.name,
            instructions=company.payment_instructions,
        )
    )
    captions = {
        qr.Scan.TRANSFER: _("Scan to pay"),
        qr.Scan.LINK: _("Scan to pay online"),
        qr.Scan.REFERENCE: _("Scan for the reference"),
    }
    ask = _("Please name this reference with your payment.")
    return Payment(
        title=_("How to pay"),
        text=company.payment_instructions.splitlines() or [ask],
        facts=[
            Fact(label=_("Reference"), value=document.number, strong=True),
            Fact(label=_("Amount"), value=total_text(document, amount_cents), strong=True),
        ],
        qr_svg=qr.svg_of(code),
        qr_caption=captions[scan],
    )


# --- an invoice


def _title(invoice: Invoice) -> str:
    titles = {Kind.CREDIT: _("Credit note"), Kind.COPAY: _("Co-pay invoice")}
    return titles.get(Kind(invoice.kind), _("Invoice"))


def _invoice_facts(invoice: Invoice) -> list[Fact]:
    facts = [Fact(label=_("Issued"), value=day_text(company_day(invoice.issued_at)))]
    if invoice.corrects:
        return [*facts, Fact(label=_("Corrects"), value=invoice.corrects.number, strong=True)]
    return [*facts, Fact(label=_("Due"), value=day_text(invoice.due_on), strong=True)]


def _balance(invoice: Invoice, paid_cents: int | None) -> int:
    return invoice.total_cents - (paid_cents or 0)


def _headline(invoice: Invoice, paid_cents: int | None) -> Fact:
    if invoice.kind == Kind.CREDIT:
        return Fact(label=_("Credited"), value=total_text(invoice, -invoice.total_cents))
    return Fact(label=_("Amount due"), value=total_text(invoice, _balance(invoice, paid_cents)))


def _headline_note(invoice: Invoice, paid_cents: int | None) -> str:
    if invoice.kind == Kind.CREDIT or _balance(invoice, paid_cents) <= 0:
        return ""
    return pgettext("pay by a day", "by %(day)s") % {"day": day_text(invoice.due_on)}


def _invoice_sums(invoice: Invoice, paid_cents: int | None) -> list[Fact]:
    sums = []
    if invoice.tax_cents:
        tax = f"{invoice.tax_name or _('Tax')} {invoice.tax_percent.normalize():f}%"
        subtotal = money_text(invoice.subtotal_cents, invoice.currency)
        sums += [
            Fact(label=_("Subtotal"), value=subtotal),
            Fact(label=tax, value=money_text(invoice.tax_cents, invoice.currency)),
        ]
    sums.append(Fact(label=_("Total"), value=total_text(invoice), strong=True))
    if paid_cents:
        balance = total_text(invoice, _balance(invoice, paid_cents))
        sums += [
            Fact(label=_("Paid"), value=money_text(-paid_cents, invoice.currency)),
            Fact(label=_("Balance due"), value=balance, strong=True),
        ]
    return sums


def _stamp(invoice: Invoice, paid_cents: int | None) -> str:
    """Only on what shows how it stands by now."""
    if paid_cents is None or invoice.kind == Kind.CREDIT:
        return ""
    if invoice.state == State.VOID:
        return _("Void")
    return _("Paid") if _balance(invoice, paid_cents) <= 0 else ""


def _note(invoice: Invoice) -> str:
    if invoice.corrects:
        text = _("This credit note takes back invoice %(number)s in full.") % {
            "number": invoice.corrects.number
        }
    elif invoice.revision and (before := _revised(invoice)):
        text = _("This invoice replaces invoice %(number)s.") % {"number": before}
    else:
        return ""
    return " ".join(part for part in (text, _cause(invoice), invoice.reason) if part)


def _revised(invoice: Invoice) -> str | None:
    before = Invoice.objects.filter(
        trip=invoice.trip_id, kind=invoice.kind, revision=invoice.revision - 1
    )
    return before.values_list("number", flat=True).first()


def _cause(invoice: Invoice) -> str:
    causes = {
        Cause.CORRECTION: _("The record of the trip was completed or corrected."),
        Cause.RATE: _("A rate was corrected."),
    }
    return causes.get(Cause(invoice.cause), "")


def _invoice_payment(company: Company, invoice: Invoice, paid_cents: int | None) -> Payment | None:
    if invoice.kind == Kind.CREDIT or _stamp(invoice, paid_cents):
        return None
    return payment_of(company, invoice, _balance(invoice, paid_cents))


def _service(invoice: Invoice) -> list[Fact]:
    trip = invoice.trip
    pairs = [
        (_("Trip"), str(trip.pk)),
        (_("Date of service"), day_text(invoice.served_on)),
        (_("Rider"), trip.patient.name),
        (_("Member ID"), trip.patient.member_id),
        (_("Authorization"), trip.authorization_number),
    ]
    return [Fact(label=label, value=value) for label, value in pairs if value]


def _charge(line: InvoiceLine, currency: str) -> Charge:
    quantity = f"{line.quantity.normalize():f}"
    return Charge(
        code=line.code,
        modifiers=line.modifiers,
        text=line.description,
        hint=_hint(line),
        quantity=f"{quantity} {line.unit}",
        price=money_text(line.unit_cents, currency),
        amount=money_text(line.amount_cents, currency),
    )


def _hint(line: InvoiceLine) -> str:
    """The rule that made the price, and where its miles come from."""
    source = line.evidence.get("source")
    return "; ".join(part for part in (line.rule, source) if isinstance(part, str) and part)
