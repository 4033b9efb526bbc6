"""Writing documents: an invoice as a draft says, and a credit note over all of one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from billing.drafts import Debtor, Draft, service_day
from billing.models import Invoice, InvoiceCounter, InvoiceLine
from billing.numbers import next_number
from billing.rates import Line
from config import metrics
from trips.events.log import Recording
from trips.models import Company, Facility, Patient, Payer, Trip
from trips.queries import company_day
from users.models import User

Kind, State, Cause = Invoice.Kind, Invoice.State, Invoice.Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """What leads to a new document; `by` is empty where nobody asked for it."""

    cause: Invoice.Cause = Cause.RIDE
    reason: str = ""
    by: User | None = None


def issue(log: Recording, trip: Trip, draft: Draft, revision: int, why: Why) -> Invoice:
    company, now = Company.get(), timezone.now()
    today = company_day(now)
    invoice = Invoice.objects.create(
        number=next_number(InvoiceCounter, today.year),
        trip=trip,
        kind=draft.kind,
        revision=revision,
        cause=why.cause,
        reason=why.reason,
        issued_by=why.by,
        **debtor_columns(draft.debtor),
        currency=company.currency,
        subtotal_cents=draft.subtotal_cents,
        tax_name=draft.tax.name,
        tax_percent=draft.tax.percent,
        tax_cents=draft.tax_cents,
        total_cents=draft.total_cents,
        served_on=service_day(trip),
        issued_at=now,
        due_on=today + timedelta(days=company.payment_days),
    )
    _keep_lines(invoice, rows_of(draft))
    log.fact("invoice.issued", invoice.pk)
    _count_once_committed(invoice)
    return invoice


def credit(log: Recording, invoice: Invoice, why: Why) -> Invoice:
    """Take back all of an invoice whose trip is locked; its credit note."""
    now = timezone.now()
    today = company_day(now)
    note = Invoice.objects.create(
        number=next_number(InvoiceCounter, today.year),
        trip_id=invoice.trip_id,
        kind=Kind.CREDIT,
        revision=Invoice.objects.filter(trip=invoice.trip_id, kind=Kind.CREDIT).count(),
        corrects=invoice,
        cause=why.cause,
        reason=why.reason,
        issued_by=why.by,
        payer_id=invoice.payer_id,
        facility_id=invoice.facility_id,
        patient_id=invoice.patient_id,
        currency=invoice.currency,
        subtotal_cents=-invoice.subtotal_cents,
        tax_name=invoice.tax_name,
        tax_percent=invoice.tax_percent,
        tax_cents=-invoice.tax_cents,
        total_cents=-invoice.total_cents,
        served_on=invoice.served_on,
        issued_at=now,
        due_on=today,
    )
    _keep_lines(note, [_taken_back(line, invoice) for line in invoice.lines.all()])
    Invoice.objects.filter(pk=invoice.pk).update(state=State.VOID)
    log.fact("invoice.issued", note.pk)
    _count_once_committed(note)
    return note


def _count_once_committed(invoice: Invoice) -> None:
    transaction.on_commit(metrics.INVOICES.labels(invoice.kind).inc)


def _keep_lines(invoice: Invoice, rows: Iterable[InvoiceLine]) -> None:
    lines = list(rows)
    for position, line in enumerate(lines, start=1):
        line.invoice, line.position = invoice, position
    InvoiceLine.objects.bulk_create(lines)


def rows_of(draft: Draft) -> list[InvoiceLine]:
    return [_row(line, draft.rate_id) for line in draft.lines]


def _row(line: Line, rate_id: int | None) -> InvoiceLine:
    return InvoiceLine(
        code=line.code,
        modifiers=" ".join(line.modifiers),
        description=line.description,
        quantity=line.quantity,
        unit=line.unit,
        unit_cents=line.unit_cents,
        amount_cents=line.amount_cents,
        rate_id=rate_id,
        rule=line.rule[:250],
        evidence=line.evidence,
    )


def _taken_back(line: InvoiceLine, invoice: Invoice) -> InvoiceLine:
    return InvoiceLine(
        code=line.code,
        modifiers=line.modifiers,
        description=line.description,
        quantity=-line.quantity,
        unit=line.unit,
        unit_cents=line.unit_cents,
        amount_cents=-line.amount_cents,
        rate_id=line.rate_id,
        rule=f"takes back line {line.position} of invoice {invoice.number}",
    )


def debtor_columns(debtor: Debtor) -> dict[str, Debtor]:
    """The debtor as the one column of an invoice that names it."""
    names: dict[type[Debtor], str] = {Payer: "payer", Facility: "facility", Patient: "patient"}
    return {names[type(debtor)]: debtor}
