"""Loaded miles (pure): rounded as the rate says, in bands, and shared with others aboard."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from itertools import pairwise

from billing.rates.cards import MileRounding, RateCard
from billing.rates.money import cents, split_cents

METERS_PER_MILE = Decimal("1609.344")
TENTH = Decimal("0.1")
#: Metres are floats: what is this close to a step is that step, not the next one.
_EXACT = Decimal("0.000001")
_MODES = {
    MileRounding.NEAREST: ROUND_HALF_UP,
    MileRounding.UP: ROUND_CEILING,
    MileRounding.DOWN: ROUND_FLOOR,
}


def miles(
    distance_m: float, step: Decimal = TENTH, rounding: MileRounding = MileRounding.NEAREST
) -> Decimal:
    """Metres as miles in whole steps; exactly between two steps the nearest is the upper one."""
    exact = (Decimal(str(distance_m)) / METERS_PER_MILE).quantize(_EXACT, ROUND_HALF_UP)
    steps = (exact / step).quantize(Decimal(1), _MODES[rounding])
    return steps * step


@dataclass(frozen=True, slots=True)
class Leg:
    """Miles with the same riders aboard."""

    miles: Decimal
    riders: int = 1
    place: int = 0


@dataclass(frozen=True, slots=True)
class BandMiles:
    """Miles of one leg that lie in one band, and what this rider pays for them."""

    from_mile: Decimal
    unit_cents: int
    miles: Decimal
    riders: int
    amount_cents: int


def charged(legs: list[Leg], card: RateCard) -> list[BandMiles]:
    """What is paid, by band; miles that are driven alone are one entry a band.

    Bands count from the pick-up on; the included miles are the first ones, and free.
    """
    alone: dict[Decimal, BandMiles] = {}
    shared: list[BandMiles] = []
    for leg, from_mile, unit_cents, part in _pieces(legs, card):
        if leg.riders > 1:
            share = split_cents(cents(part, unit_cents), leg.riders)[leg.place]
            shared.append(BandMiles(from_mile, unit_cents, part, leg.riders, share))
            continue
        before = alone[from_mile].miles if from_mile in alone else Decimal(0)
        both = before + part
        alone[from_mile] = BandMiles(from_mile, unit_cents, both, 1, cents(both, unit_cents))
    return [*alone.values(), *shared]


def _pieces(legs: list[Leg], card: RateCard) -> Iterator[tuple[Leg, Decimal, int, Decimal]]:
    """(leg, beginning of the band, its price, miles) for all that costs something."""
    done = Decimal(0)
    for leg in legs:
        for from_mile, to_mile, unit_cents in _bands(card):
            begin, end = max(done, from_mile), min(done + leg.miles, to_mile)
            if end > begin:
                yield leg, from_mile, unit_cents, end - begin
        done += leg.miles


def _bands(card: RateCard) -> Iterator[tuple[Decimal, Decimal, int]]:
    """(from, to, cents) of what is paid, in order."""
    begins = [(Decimal(0), card.mile_cents)]
    begins += [(band.from_mile, band.cents) for band in card.mile_bands]
    edges = [*(begin for begin, _ in begins), Decimal("Infinity")]
    for (begin, end), (_, unit_cents) in zip(pairwise(edges), begins, strict=True):
        paid_from = max(begin, card.included_miles)
        if paid_from < end and unit_cents:
            yield paid_from, end, unit_cents
