"""What a trip costs: the rate that holds and what happened, as lines with their reasons."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from django.db.models import Q
from django.utils import timezone

from billing.evidence import OUTCOMES, agreed_at, facts_of, planned_facts
from billing.models import Rate
from billing.rates import (
    Line,
    SharedMiles,
    TripFacts,
    choose,
    price,
    total_cents,
)
from billing.rates.codes import PLAIN_LEVEL
from billing.sharing import stretches_of
from trips.lifecycle import Status
from trips.models import Trip
from trips.queries import company_day


class NotPriced(LookupError):
    """No rate covers the trip, or it has not ended in a way that is charged."""


@dataclass(frozen=True, slots=True)
class Priced:
    """The price of a trip, in the company's currency; no lines where nothing is owed."""

    rate: Rate
    facts: TripFacts
    lines: list[Line]

    @property
    def total_cents(self) -> int:
        """The sum of the lines."""
        return total_cents(self.lines)


def price_trip(trip: Trip) -> Priced:
    """The price of a trip that has ended (completed, no-show, cancelled); or NotPriced."""
    if Status(trip.status) not in OUTCOMES:
        raise NotPriced(f"trip {trip.pk} has not ended in a way that is charged")
    return _priced(trip, rate_of(trip), facts_of(trip))


def price_to_issue(trip: Trip) -> Priced:
    """The same inside the transaction that issues the invoice: the rate is fixed from then on."""
    priced = price_trip(trip)
    now = timezone.now()
    if priced.rate.used_at or not priced.lines:
        return priced
    if not Rate.objects.filter(pk=priced.rate.pk, used_at=None).update(used_at=now):
        return priced
    # It may have been changed between our reading it and our holding it.
    return _priced(trip, Rate.objects.get(pk=priced.rate.pk), priced.facts)


def price_plan(trip: Trip, *, wait_minutes: int = 0, distance_m: float | None = None) -> Priced:
    """The price of a trip that is only planned, even one that is in no database; or NotPriced."""
    facts = replace(planned_facts(trip), wait_minutes=wait_minutes)
    if distance_m is not None:
        facts = replace(facts, measured_m=distance_m, planned_m=distance_m, distance_source="given")
    return _priced(trip, rate_of(trip), facts)


def rate_of(trip: Trip) -> Rate:
    """The rate that holds on the day that was agreed, for who pays; or NotPriced."""
    moment = agreed_at(trip)
    day = moment.date() if moment else company_day(timezone.now())
    payer_id = rate_payer_id(trip)
    rate = choose(_known(trip, payer_id, day), payer_id=payer_id, mobility=trip.mobility, day=day)
    if rate is None:
        raise NotPriced(f"no rate covers {trip.mobility} on {day}")
    return rate


def rate_payer_id(trip: Trip) -> int | None:
    """Whose contract it is: a payer's own rates are for what that payer pays."""
    by_payer = trip.bill_to in ("", Trip.BillTo.PAYER)
    return trip.payer_id if by_payer else None


def _known(trip: Trip, payer_id: int | None, day: date) -> Iterable[Rate]:
    levels = {trip.mobility, PLAIN_LEVEL.get(trip.mobility, trip.mobility)}
    of_payer = Q(payer=payer_id) | Q(payer__isnull=True)
    return Rate.objects.filter(of_payer, mobility__in=levels, valid_from__lte=day)


def _priced(trip: Trip, rate: Rate, facts: TripFacts) -> Priced:
    card = rate.card()
    if card.shared_miles is SharedMiles.SPLIT and trip.status == Status.COMPLETED:
        facts = replace(facts, stretches=stretches_of(trip))
    return Priced(rate, facts, price(facts, card))
