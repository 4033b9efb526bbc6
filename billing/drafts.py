"""What should be billed for a trip as it is now: to whom, which lines, with which tax."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.conf import settings

from billing.evidence import agreed_at
from billing.models import Invoice
from billing.pricing import NotPriced, Priced, price_to_issue
from billing.rates import Line
from billing.taxes import Part, Tax, split_copay
from trips.lifecycle import Status
from trips.models import Company, Facility, Patient, Payer, Trip
from trips.queries import company_day

Debtor = Payer | Facility | Patient
Kind = Invoice.Kind

#: Ends of a trip for which something may be owed.
CHARGED = frozenset({Status.COMPLETED, Status.NO_SHOW, Status.CANCELLED})
COPAY_RULE = "the co-pay that was agreed for this trip, never more than it costs"


class CannotPrice(LookupError):
    """No rate covers the trip, or nobody is there to bill; a person must see to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One invoice that should stand."""

    kind: Invoice.Kind
    debtor: Debtor
    lines: tuple[Line, ...]
    tax: Tax
    tax_cents: int
    rate_id: int | None

    @property
    def subtotal_cents(self) -> int:
        """The sum of its lines."""
        return sum(line.amount_cents for line in self.lines)

    @property
    def total_cents(self) -> int:
        """With tax."""
        return self.subtotal_cents + self.tax_cents


def company_tax(company: Company) -> Tax:
    """The tax of new invoices."""
    by_line = settings.TAX_ROUNDING == "line"
    return Tax(company.tax_name, company.tax_percent, by_line)


def drafts_of(
    trip: Trip, tax: Tax, price: Callable[[Trip], Priced] = price_to_issue
) -> list[Draft]:
    """The invoices that should stand for `trip`, none where nothing is owed; or CannotPrice."""
    if trip.status not in CHARGED:
        return []
    try:
        priced = price(trip)
    except NotPriced as exc:
        raise CannotPrice(str(exc)) from None
    amounts = [line.amount_cents for line in priced.lines]
    whole = Part(sum(amounts), tax.of(amounts))
    if whole.total_cents <= 0:
        return []
    debtor = who_pays(trip)
    rest, copay = split_copay(whole, _copay_cents(trip, debtor), tax)
    lines = tuple(priced.lines)
    drafts = []
    if rest.total_cents:
        own = (*lines, _less_copay(copay)) if copay.total_cents else lines
        drafts.append((Kind.TRIP, debtor, own, rest))
    if copay.total_cents:
        drafts.append((Kind.COPAY, trip.patient, (_copay_line(copay),), copay))
    return [
        Draft(
            kind=kind,
            debtor=who,
            lines=of_kind,
            tax=tax,
            tax_cents=part.tax_cents,
            rate_id=priced.rate.pk,
        )
        for kind, who, of_kind, part in drafts
    ]


def service_day(trip: Trip) -> date:
    """The day that the trip is billed under, by the company's calendar."""
    moment = agreed_at(trip)
    return moment.date() if moment else company_day(trip.state_since)


def who_pays(trip: Trip) -> Debtor:
    """Whom the trip names, else its payer, else the patient; CannotPrice where that is nobody."""
    bill_to = trip.bill_to or ("payer" if trip.payer else "patient")
    found: dict[str, Debtor | None] = {
        "payer": trip.payer,
        "facility": trip.facility,
        "patient": trip.patient,
    }
    debtor = found[bill_to]
    if debtor is None:
        raise CannotPrice(f"the {bill_to} should pay, and the trip names none")
    return debtor


def _copay_cents(trip: Trip, debtor: Debtor) -> int:
    """A co-pay is for a ride, and only where somebody else pays the rest."""
    if trip.status != Status.COMPLETED or isinstance(debtor, Patient):
        return 0
    return trip.copay_cents


def _copay_line(copay: Part) -> Line:
    return _line("Co-pay", copay.subtotal_cents)


def _less_copay(copay: Part) -> Line:
    return _line("Less the patient's co-pay", -copay.subtotal_cents)


def _line(words: str, amount_cents: int) -> Line:
    return Line(
        code="",
        description=words,
        quantity=Decimal(1),
        unit="trip",
        unit_cents=amount_cents,
        amount_cents=amount_cents,
        rule=COPAY_RULE,
    )
