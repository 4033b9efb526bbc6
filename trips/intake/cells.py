"""What the text of one cell means (pure). Each function raises BadCell with words for people.

The words never repeat the cell: they are kept with the job, and cells hold patients' data.
"""

import math
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

MOST_COPAY_CENTS = 1_000_000
MOST_NEEDS, LONGEST_NEED = 16, 32

#: Levels of service as brokers write them, folded as `folded` does.
MOBILITY = {
    "ambulatory": ("ambulatory", "amb", "a", "walking", "curb to curb"),
    "wheelchair": ("wheelchair", "wc", "wch", "wchr", "w", "wheelchair van", "wav"),
    "bariatric_wheelchair": ("bariatric wheelchair", "bwc", "bari wc", "wide wheelchair"),
    "stretcher": ("stretcher", "str", "s", "gurney", "litter"),
    "bariatric_stretcher": ("bariatric stretcher", "bstr", "bari str"),
}
RETURNS = {
    "none": ("none", "no", "n", "one way", "oneway", "ow"),
    "timed": ("timed", "yes", "y", "round trip", "rt", "scheduled"),
    "will_call": ("will call", "willcall", "wc", "w c", "call"),
}
_DATES = ("%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y")
_CLOCKS = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M%p", "%I %p", "%I%p")
_MONEY = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{1,2})?")


class BadCell(ValueError):
    """The cell cannot be used; the message says why without repeating it."""


def folded(text: str) -> str:
    """For comparing what people typed: case, accents' spelling, signs and blanks evened out."""
    even = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.sub(r"[\s_\-./,]+", " ", even).split())


def text_of(most: int) -> Callable[[str], str]:
    """A parser of text with at most `most` characters."""

    def parse(cell: str) -> str:
        if len(cell) > most:
            raise BadCell(f"More than {most} characters.")
        return cell

    return parse


def identity(cell: str) -> int:
    """An id of ours."""
    if not (cell.isascii() and cell.isdigit() and 0 < int(cell[:19]) < 2**63 and len(cell) < 20):
        raise BadCell("An id is a whole number.")
    return int(cell)


def number_between(least: int, most: int) -> Callable[[str], int]:
    """A parser of whole numbers from `least` to `most`."""

    def parse(cell: str) -> int:
        if not (cell.isascii() and cell.isdigit() and len(cell) < 6 and least <= int(cell) <= most):
            raise BadCell(f"A whole number from {least} to {most}.")
        return int(cell)

    return parse


def degrees(most: float) -> Callable[[str], float]:
    """A parser of degrees from -most to most, with a point or a comma."""

    def parse(cell: str) -> float:
        try:
            value = float(cell.replace(",", "."))
        except ValueError:
            value = math.nan
        if not -most <= value <= most:  # also NaN
            raise BadCell(f"Degrees from -{most:g} to {most:g}.")
        return value

    return parse


def cents(cell: str) -> int:
    """An amount of the company's currency, e.g. `12.50`, as cents."""
    amount = cell.lstrip("$€£ ").strip()
    if not _MONEY.fullmatch(amount):
        raise BadCell("An amount such as 12.50.")
    value = int(Decimal(amount.replace(",", ".")) * 100)
    if value > MOST_COPAY_CENTS:
        raise BadCell(f"At most {MOST_COPAY_CENTS // 100}.")
    return value


def one_of(words: dict[str, tuple[str, ...]]) -> Callable[[str], str]:
    """A parser of the keys of `words`, each also under its other names."""
    known = {folded(word): value for value, names in words.items() for word in (value, *names)}

    def parse(cell: str) -> str:
        if (value := known.get(folded(cell))) is None:
            raise BadCell(f"One of {', '.join(words)}.")
        return value

    return parse


def listed(cell: str) -> list[str]:
    """A list divided by `|`, `;` or `,`."""
    items = [item.strip() for item in re.split(r"[|;,]", cell)]
    found = list(dict.fromkeys(item.lower() for item in items if item))
    if len(found) > MOST_NEEDS or any(len(item) > LONGEST_NEED for item in found):
        raise BadCell(f"At most {MOST_NEEDS} words of at most {LONGEST_NEED} characters.")
    return found


def day(cell: str) -> date:
    """`2026-11-20`, `11/20/2026` (month first) or `20.11.2026`."""
    for pattern in _DATES:
        try:
            return datetime.strptime(cell, pattern).date()
        except ValueError:
            continue
    raise BadCell("A day such as 2026-11-20 or 11/20/2026.")


def clock(cell: str) -> time:
    """`08:30`, `8:30 AM` or `08:30:00`."""
    for pattern in _CLOCKS:
        try:
            return datetime.strptime(cell.upper(), pattern).time()
        except ValueError:
            continue
    raise BadCell("A time such as 08:30 or 8:30 AM.")


def moment(cell: str, on: date | None, zone: ZoneInfo) -> datetime:
    """A time of `on`, or a whole ISO moment; without an offset it is the zone's. UTC.

    In the hour that an autumn has twice it is the first one.
    """
    if len(cell) > 10 and cell[4:5] == "-":
        try:
            return _in_zone(datetime.fromisoformat(cell), zone)
        except ValueError:
            raise BadCell("A moment such as 2026-11-20T08:30:00+01:00.") from None
    if on is None:
        raise BadCell("A time needs the column date, or is a moment with its day.")
    return _in_zone(datetime.combine(on, clock(cell)), zone)


def _in_zone(value: datetime, zone: ZoneInfo) -> datetime:
    try:
        if value.tzinfo is not None:
            return value.astimezone(UTC)
        found = value.replace(tzinfo=zone).astimezone(UTC)
        if found.astimezone(zone).replace(tzinfo=None) != value:
            raise BadCell("The clocks go forward over this time: it does not exist.")
    except OverflowError:
        raise BadCell("A moment of our time.") from None
    return found
