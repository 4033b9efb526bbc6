"""Which rate holds on a day, and which ones contradict each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from billing.rates import choose, clashing


@dataclass(frozen=True)
class Rate:
    name: str
    valid_from: date
    valid_to: date | None = None
    payer_id: int | None = None
    mobility: str = "wheelchair"
    version: int = 1
    bariatric_cents: int | None = None


def day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


OLD, NEW = Rate("old", day("01-01")), Rate("new", day("06-01"))
PLAN, OTHER = 1, 2


def chosen(rates: list[Rate], on: str, payer: int | None = PLAN, level: str = "wheelchair") -> str:
    found = choose(rates, payer_id=payer, mobility=level, day=day(on))
    return found.name if found else ""


@pytest.mark.parametrize(
    ("on", "name"),
    [("01-01", "old"), ("05-31", "old"), ("06-01", "new"), ("12-31", "new")],
)
def test_the_newest_rate_that_has_begun_holds(on: str, name: str) -> None:
    assert chosen([NEW, OLD], on) == name


def test_before_the_first_rate_there_is_none() -> None:
    assert chosen([NEW], "05-31") == ""


def test_a_payers_own_rate_beats_a_newer_default_one_and_anothers_does_not() -> None:
    own = Rate("own", day("01-01"), payer_id=PLAN)
    others = Rate("others", day("07-01"), payer_id=OTHER)
    assert chosen([NEW, own, others], "08-01") == "own"
    assert chosen([NEW, own, others], "08-01", payer=None) == "new"
    assert chosen([NEW, own, others], "08-01", payer=3) == "new"


def test_where_a_payers_own_rate_has_ended_the_default_one_holds_and_no_older_one() -> None:
    older = Rate("older", day("01-01"), payer_id=PLAN)
    ended = Rate("ended", day("03-01"), day("06-30"), payer_id=PLAN)
    assert chosen([OLD, older, ended], "02-28") == "older"
    assert chosen([OLD, older, ended], "06-30") == "ended"
    assert chosen([OLD, older, ended], "07-01") == "old"


def test_a_correction_stands_for_what_it_corrects() -> None:
    wrong = Rate("wrong", day("01-01"))
    right = Rate("right", day("01-01"), version=2)
    assert chosen([right, wrong], "02-01") == "right"


def test_a_withdrawn_rate_gives_way_to_what_held_before() -> None:
    withdrawn = Rate("withdrawn", day("06-01"), day("05-31"), version=2)
    assert chosen([OLD, NEW, withdrawn], "07-01") == "old"
    assert chosen([NEW, withdrawn], "07-01") == ""


def test_a_rate_with_a_surcharge_for_weight_covers_the_heavier_level() -> None:
    plain = Rate("plain", day("01-01"), payer_id=PLAN, bariatric_cents=2_000)
    heavy = Rate("heavy", day("01-01"), mobility="bariatric_wheelchair")
    assert chosen([plain, heavy], "02-01", level="bariatric_wheelchair") == "plain"
    assert chosen([heavy, OLD], "02-01", level="bariatric_wheelchair") == "heavy"
    assert chosen([OLD], "02-01", level="bariatric_wheelchair") == ""
    assert chosen([plain], "02-01", level="bariatric_stretcher") == ""


ENDED = Rate("ended", day("03-01"), day("06-30"))


@pytest.mark.parametrize(
    ("known", "new", "clash"),
    [
        ([OLD], NEW, ""),  # the old one simply ends
        ([NEW], OLD, ""),
        ([ENDED], Rate("in it", day("06-30")), "ended"),
        ([ENDED], Rate("after it", day("07-01")), ""),
        ([ENDED], Rate("before it", day("01-01")), ""),
        ([ENDED], Rate("into it", day("01-01"), day("03-01")), "ended"),
        ([ENDED], Rate("up to it", day("01-01"), day("02-28")), ""),
        ([ENDED], Rate("over it", day("01-01"), day("12-31")), "ended"),
        ([NEW], Rate("over it", day("01-01"), day("12-31")), "new"),
        ([ENDED], Rate("corrects it", day("03-01"), day("12-31"), version=2), ""),
        ([ENDED], Rate("withdrawn", day("04-01"), day("03-31"), version=2), ""),
        ([ENDED, Rate("gone", day("03-01"), day("02-28"), version=2)], NEW, ""),
    ],
    ids=lambda value: value.name if isinstance(value, Rate) else None,
)
def test_rates_contradict_each_other_where_one_begins_while_the_other_says_that_it_holds(
    known: list[Rate], new: Rate, clash: str
) -> None:
    found = clashing(known, new)
    assert (found.name if found else "") == clash
