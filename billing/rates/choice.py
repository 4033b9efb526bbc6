"""Which rate holds (pure)."""

from collections.abc import Iterable
from datetime import date
from typing import Protocol, TypeVar

from billing.rates.codes import PLAIN_LEVEL


class Dated(Protocol):
    """A rate as far as choosing is concerned; a row of the table is one.

    Empty `payer_id`: for everybody without a rate of their own. `valid_to` is included; one that
    is before `valid_from` means that the rate was withdrawn.
    """

    @property
    def payer_id(self) -> int | None: ...
    @property
    def mobility(self) -> str: ...
    @property
    def valid_from(self) -> date: ...
    @property
    def valid_to(self) -> date | None: ...
    @property
    def version(self) -> int: ...
    @property
    def bariatric_cents(self) -> int | None: ...


Rate = TypeVar("Rate", bound=Dated)


def choose(rates: Iterable[Rate], *, payer_id: int | None, mobility: str, day: date) -> Rate | None:
    """The payer's own rate on that day, else the default one; None where none holds.

    A rate with a bariatric surcharge covers the bariatric level too, where that has no rate of
    its own.
    """
    known = list(rates)
    for payer in dict.fromkeys((payer_id, None)):
        own = [rate for rate in known if rate.payer_id == payer]
        if found := holding((rate for rate in own if rate.mobility == mobility), day):
            return found
        plain = holding((rate for rate in own if rate.mobility == PLAIN_LEVEL.get(mobility)), day)
        if plain and plain.bariatric_cents is not None:
            return plain
    return None


def holding(rates: Iterable[Rate], day: date) -> Rate | None:
    """Of one payer's rates for one level, the one that holds on `day`.

    Of those that begin on the same day the newest version stands for all; a rate without an end
    ends where the next begins.
    """
    begun = [rate for rate in _in_force(rates) if rate.valid_from <= day]
    latest = max(begun, key=lambda rate: rate.valid_from, default=None)
    if latest is None or (latest.valid_to is not None and latest.valid_to < day):
        return None
    return latest


def clashing(rates: Iterable[Rate], new: Dated) -> Rate | None:
    """Of the other rates of its payer and level, one that contradicts `new`.

    Two contradict each other where one says until when it holds, and the other begins before.
    """
    if _is_withdrawn(new):
        return None
    for rate in _in_force(rates):
        early: Dated
        late: Dated
        early, late = (rate, new) if rate.valid_from < new.valid_from else (new, rate)
        apart = early.valid_to is None or early.valid_to < late.valid_from
        if early.valid_from != late.valid_from and not apart:
            return rate
    return None


def _in_force(rates: Iterable[Rate]) -> list[Rate]:
    """The newest version of each day that a rate begins on, but for those withdrawn."""
    newest: dict[date, Rate] = {}
    for rate in rates:
        known = newest.get(rate.valid_from)
        if known is None or known.version < rate.version:
            newest[rate.valid_from] = rate
    return [rate for rate in newest.values() if not _is_withdrawn(rate)]


def _is_withdrawn(rate: Dated) -> bool:
    return rate.valid_to is not None and rate.valid_to < rate.valid_from
