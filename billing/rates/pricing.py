"""The lines of a trip (pure)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from billing.rates import clock, codes, waiting
from billing.rates.cards import MileSource, RateCard, SharedMiles, Window
from billing.rates.facts import Line, Outcome, TripFacts
from billing.rates.fees import fee
from billing.rates.mileage import BandMiles, Leg, charged, miles
from billing.rates.money import percent_of

_HUNDREDTH = Decimal("0.01")


def price(facts: TripFacts, card: RateCard) -> list[Line]:
    """All lines; none where nothing is owed. What costs nothing is no line, but for the base.

    Order: base, weight, miles, after hours, waiting, people; then the minimum or the cap over
    all of these; then tolls, which are passed on as they are.
    """
    if facts.outcome is not Outcome.COMPLETED:
        return fee(facts, card)
    ride = [*_base(facts, card), *_mileage(facts, card)]
    lines = [*ride, *_after_hours(ride, facts, card), *_waiting(facts, card)]
    lines += [*_attendant(facts, card), *_escorts(facts, card)]
    return [*lines, *_bounded(lines, facts, card), *_tolls(facts, card)]


def total_cents(lines: Iterable[Line]) -> int:
    """Their sum."""
    return sum(line.amount_cents for line in lines)


@dataclass(frozen=True, slots=True)
class _Lines:
    """What all lines of one trip have in common."""

    facts: TripFacts
    card: RateCard

    def line(
        self,
        code: str,
        description: str,
        unit_cents: int,
        *,
        rule: str,
        quantity: Decimal = Decimal(1),
        unit: str = "trip",
        amount_cents: int | None = None,
        marks: tuple[str, ...] = (),
        evidence: Mapping[str, Any] | None = None,
    ) -> Line:
        """A line, of one piece if nothing else is said; `marks` follow the places' modifier."""
        return Line(
            code=code,
            description=description,
            quantity=quantity,
            unit=unit,
            unit_cents=unit_cents,
            amount_cents=unit_cents if amount_cents is None else amount_cents,
            rule=f"{self.card.version}: {rule}",
            rate_id=self.card.rate_id,
            modifiers=tuple(mark for mark in (self.facts.places, *marks) if mark),
            evidence=dict(evidence or {}),
        )


def _base_code(facts: TripFacts) -> str:
    return codes.BASE_CODES[facts.mobility]


def _base(facts: TripFacts, card: RateCard) -> Iterator[Line]:
    line = _Lines(facts, card).line
    code, level = _base_code(facts), facts.mobility.replace("_", " ")
    yield line(
        code,
        f"Transport, {level}",
        card.base_cents,
        rule="base",
        marks=_shared_mark(facts),
        evidence=facts.evidence.get("service"),
    )
    if facts.mobility in codes.PLAIN_LEVEL and card.bariatric_cents:
        yield line(code, "Bariatric surcharge", card.bariatric_cents, rule="bariatric surcharge")


def _shared_mark(facts: TripFacts) -> tuple[str, ...]:
    shared = any(stretch.riders > 1 for stretch in facts.stretches)
    return (codes.SHARED_RIDE,) if shared else ()


# --- miles


def _mileage(facts: TripFacts, card: RateCard) -> Iterator[Line]:
    legs, source = _legs(facts, card)
    loaded = sum((leg.miles for leg in legs), Decimal(0))
    evidence: dict[str, Any] = {"loaded_miles": str(loaded), "source": source}
    evidence |= facts.evidence.get("miles", {})
    if len(legs) > 1:
        evidence["legs"] = [{"miles": str(leg.miles), "riders": leg.riders} for leg in legs]
    rounding = f"{card.mile_rounding} {card.mile_step.normalize():f}"
    rule = f"{loaded} loaded miles ({card.mile_source}, {rounding}), {card.included_miles} included"
    for part in charged(legs, card):
        yield _miles_line(part, facts, card, rule, evidence)


def _legs(facts: TripFacts, card: RateCard) -> tuple[list[Leg], str]:
    """The ride in miles as the rate rounds them, and where its metres come from."""
    metres, source = _paid_metres(facts, card)
    split = card.shared_miles is SharedMiles.SPLIT and source == facts.distance_source
    if not (split and facts.stretches):
        return [Leg(miles(metres, card.mile_step, card.mile_rounding))], source
    return [
        Leg(
            miles(stretch.distance_m, card.mile_step, card.mile_rounding),
            stretch.riders,
            stretch.place,
        )
        for stretch in facts.stretches
    ], source


def _paid_metres(facts: TripFacts, card: RateCard) -> tuple[float, str]:
    """The mileage that the rate asks for, or the measured one where that is not known."""
    planned, odometer = facts.planned_m, facts.odometer_m
    match card.mile_source:
        case MileSource.PLANNED if planned is not None:
            return planned, "planned"
        case MileSource.ODOMETER if odometer is not None:
            return odometer, "odometer"
        case MileSource.LEAST if planned is not None and planned < facts.measured_m:
            return planned, "planned, which is less than measured"
    return facts.measured_m, facts.distance_source


def _miles_line(
    part: BandMiles, facts: TripFacts, card: RateCard, rule: str, evidence: dict[str, Any]
) -> Line:
    words, quantity = "Loaded miles", part.miles
    if part.riders > 1:
        words = f"Shared miles, {part.riders} aboard"
        rule += f"; {part.miles} shared by {part.riders}"
        quantity = (part.miles / part.riders).quantize(_HUNDREDTH, ROUND_HALF_UP)
    if card.mile_bands and part.from_mile:
        words += f" from mile {part.from_mile.normalize():f}"
    return _Lines(facts, card).line(
        codes.MILE_CODES[_base_code(facts)],
        words,
        part.unit_cents,
        rule=rule,
        quantity=quantity,
        unit="mile",
        amount_cents=part.amount_cents,
        marks=(codes.SHARED_RIDE,) if part.riders > 1 else (),
        evidence=evidence,
    )


# --- hours, waiting, people


def _after_hours(ride: list[Line], facts: TripFacts, card: RateCard) -> Iterator[Line]:
    """The dearest of the windows that hold the agreed time, once."""
    if facts.agreed_at is None:
        return
    of_cents = total_cents(ride)
    windows = clock.matching(facts.agreed_at, card.after_hours, facts.holidays)
    window = max(windows, key=lambda one: _surcharge(one, of_cents), default=None)
    if window is None or not (amount := _surcharge(window, of_cents)):
        return
    day_off = clock.is_for_days_off(window)
    yield _Lines(facts, card).line(
        _base_code(facts),
        "Weekend or holiday" if day_off else "After hours",
        amount,
        rule=_window_words(window, of_cents),
        marks=(codes.HOLIDAY_OR_WEEKEND if day_off else codes.OVERTIME,),
        evidence={"agreed_at_local": facts.agreed_at.isoformat()},
    )


def _surcharge(window: Window, of_cents: int) -> int:
    return window.flat_cents + percent_of(of_cents, window.percent)


def _window_words(window: Window, of_cents: int) -> str:
    words = f"agreed between {window.begins:%H:%M} and {window.ends:%H:%M}"
    if window.percent:
        words += f", {window.percent.normalize():f} % of {of_cents} cents"
    return words + (f", {window.flat_cents} cents" if window.flat_cents else "")


def _waiting(facts: TripFacts, card: RateCard) -> Iterator[Line]:
    count = waiting.increments(facts.wait_minutes, card)
    if not count or not card.wait_increment_cents:
        return
    cap = "" if card.wait_cap_minutes is None else f", at most {card.wait_cap_minutes} min"
    yield _Lines(facts, card).line(
        codes.WAIT_CODE,
        "Waiting time",
        card.wait_increment_cents,
        rule=f"{card.wait_grace_minutes} min grace, {card.wait_rounding} increments{cap}",
        quantity=Decimal(count),
        unit=f"{card.wait_increment_minutes} min",
        amount_cents=count * card.wait_increment_cents,
        evidence={"wait_minutes": facts.wait_minutes, **facts.evidence.get("wait", {})},
    )


def _attendant(facts: TripFacts, card: RateCard) -> Iterator[Line]:
    if facts.attendant and card.attendant_cents:
        yield _Lines(facts, card).line(
            codes.ATTENDANT_CODE, "Attendant", card.attendant_cents, rule="an attendant of ours"
        )


def _escorts(facts: TripFacts, card: RateCard) -> Iterator[Line]:
    extra = max(0, facts.escorts - card.included_escorts)
    if extra and card.escort_cents:
        yield _Lines(facts, card).line(
            _base_code(facts),
            "Extra passengers",
            card.escort_cents,
            rule=f"{facts.escorts} along, {card.included_escorts} included",
            quantity=Decimal(extra),
            unit="person",
            amount_cents=extra * card.escort_cents,
            marks=(codes.EXTRA_PASSENGER,),
        )


# --- bounds and tolls


def _bounded(lines: list[Line], facts: TripFacts, card: RateCard) -> Iterator[Line]:
    """The difference to the minimum or to the cap."""
    so_far = total_cents(lines)
    bounded, words = max(so_far, card.minimum_cents), "Minimum charge"
    if card.maximum_cents is not None and bounded > card.maximum_cents:
        bounded, words = card.maximum_cents, "Capped"
    if bounded != so_far:
        rule = f"{words.lower()} at {bounded} cents, without tolls"
        yield _Lines(facts, card).line(_base_code(facts), words, bounded - so_far, rule=rule)


def _tolls(facts: TripFacts, card: RateCard) -> Iterator[Line]:
    if facts.tolls_cents and card.tolls_are_paid:
        yield _Lines(facts, card).line(
            codes.TOLL_CODE, "Tolls", facts.tolls_cents, rule="tolls as paid"
        )
