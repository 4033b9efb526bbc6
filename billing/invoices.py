"""Issuing invoices: one per trip, kind and revision, numbered without gaps."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from billing.evidence import facts_of
from billing.models import Invoice, InvoiceCounter, InvoiceLine, Rate
from billing.rates import Line, RateCard, price
from trips.events.log import recording
from trips.lifecycle import Status
from trips.models import Company, Trip, TripEvent

#: Days until an invoice is due.
DUE_DAYS = 30


class NotBillable(LookupError):
    """There is no such trip, it is not completed, or no rate covers it."""


def invoice_completed_trip(event_id: int) -> str:
    """Handler of `trip.completed`."""
    return issue_invoice(TripEvent.objects.get(pk=event_id).trip_id).number


def issue_invoice(trip_id: int) -> Invoice:
    """The invoice of a completed trip, issued now unless it was before; or NotBillable.

    The trip's row is locked meanwhile, so two workers issue one.
    """
    with recording() as log:
        trip = Trip.objects.select_for_update().filter(pk=trip_id).first()
        if trip is None or trip.status != Status.COMPLETED:
            raise NotBillable(f"trip {trip_id} is not completed")
        known = trip.invoices.filter(kind=Invoice.Kind.TRIP).order_by("-revision").first()
        if known is not None:
            return known
        invoice = _issue(trip, price(facts_of(trip), _rate_card(trip)))
        log.fact("invoice.issued", invoice.pk)
    return invoice


def _issue(trip: Trip, lines: list[Line]) -> Invoice:
    company = Company.get()
    now = timezone.now()
    today = now.astimezone(ZoneInfo(company.time_zone)).date()
    invoice = Invoice.objects.create(
        number=_next_number(today.year),
        trip=trip,
        payer=trip.payer,
        patient=None if trip.payer else trip.patient,
        currency=company.currency,
        total_cents=sum(line.amount_cents for line in lines),
        issued_at=now,
        due_on=today + timedelta(days=DUE_DAYS),
    )
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=invoice,
            position=position,
            code=line.code,
            description=line.description,
            quantity=line.quantity,
            unit=line.unit,
            unit_cents=line.unit_cents,
            amount_cents=line.amount_cents,
            rule=line.rule,
            evidence=line.evidence,
        )
        for position, line in enumerate(lines, start=1)
    )
    return invoice


def _next_number(year: int) -> str:
    """The year's next number; its counter stays locked until the invoice is committed."""
    InvoiceCounter.objects.get_or_create(year=year)
    counter = InvoiceCounter.objects.select_for_update().get(year=year)
    counter.last += 1
    counter.save(update_fields=["last"])
    return f"{year}-{counter.last:06d}"


def _rate_card(trip: Trip) -> RateCard:
    """The payer's own rate on the day of the ride, else the default; newest first."""
    on = _service_day(trip.dropped_off_at or timezone.now())
    rates = Rate.objects.filter(mobility=trip.mobility, valid_from__lte=on)
    own_first = rates.filter(payer=trip.payer) | rates.filter(payer__isnull=True)
    rate = own_first.order_by(F("payer").asc(nulls_last=True), "-valid_from").first()
    if rate is None:
        raise NotBillable(f"no rate covers {trip.mobility} on {on}")
    return RateCard(
        version=f"rate {rate.pk}",
        base_cents=rate.base_cents,
        included_miles=rate.included_miles,
        mile_cents=rate.mile_cents,
        wait_grace_minutes=rate.wait_grace_minutes,
        wait_increment_minutes=rate.wait_increment_minutes,
        wait_increment_cents=rate.wait_increment_cents,
    )


def _service_day(moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(Company.get().time_zone)).date()


def mark_overdue() -> int:
    """Mark what was sent and is past its due day as overdue; how many are new."""
    today = _service_day(timezone.now())
    open_states = [Invoice.State.ISSUED, Invoice.State.SENT, Invoice.State.PARTLY_PAID]
    with transaction.atomic():
        return Invoice.objects.filter(state__in=open_states, due_on__lt=today).update(
            state=Invoice.State.OVERDUE
        )
