"""Statements as pages: a month's invoices and credit notes, in the reader's language."""

from collections.abc import Iterable
from datetime import date

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from billing.documents.content import Fact, StatementPage
from billing.models import Invoice, Statement
from billing.pages import (
    amount_column,
    day_text,
    language_for,
    letter,
    money_text,
    payment_of,
    total_text,
)
from trips.models import Company
from trips.queries import company_day


def page_of_statement(statement: Statement) -> StatementPage:
    """A month's invoices and credit notes, in the order of their rides."""
    company, language = Company.get(), language_for(statement.debtor)
    items = statement.items.select_related("invoice__trip__patient").order_by(
        "invoice__served_on", "invoice__number"
    )
    invoices = [item.invoice for item in items]
    with translation.override(language):
        return StatementPage(
            **letter(company, statement, language),
            title=_("Statement"),
            to_label=_("For"),
            facts=[
                Fact(label=_("Month"), value=_month(statement.month), strong=True),
                Fact(label=_("Issued"), value=day_text(company_day(statement.issued_at))),
                Fact(label=_("Trips"), value=str(len({one.trip_id for one in invoices}))),
            ],
            headline=Fact(label=_("Total of the month"), value=total_text(statement)),
            headline_note="",
            columns=[
                _("Date of service"),
                _("Number"),
                _("Trip"),
                _("Rider"),
                amount_column(statement.currency),
            ],
            sums=_statement_sums(statement, invoices),
            note=_("The statement sums up invoices that you have already. It is no new invoice."),
            payment=payment_of(company, statement, statement.total_cents),
            rows=[_row(one) for one in invoices],
        )


def _month(day: date) -> str:
    return date_format(day, pgettext("month with year", "F Y"), use_l10n=False)


def _statement_sums(statement: Statement, invoices: Iterable[Invoice]) -> list[Fact]:
    credited = sum(one.total_cents for one in invoices if one.kind == Invoice.Kind.CREDIT)
    sums = []
    if credited:
        invoiced = statement.total_cents - credited
        sums = [
            Fact(label=_("Invoiced"), value=money_text(invoiced, statement.currency)),
            Fact(label=_("Credited"), value=money_text(credited, statement.currency)),
        ]
    return [*sums, Fact(label=_("Total"), value=total_text(statement), strong=True)]


def _row(invoice: Invoice) -> list[str]:
    return [
        day_text(invoice.served_on),
        invoice.number,
        str(invoice.trip_id),
        invoice.trip.patient.name,
        money_text(invoice.total_cents, invoice.currency),
    ]
