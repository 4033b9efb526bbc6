"""The mileages of a trip side by side (pure)."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

METRES_PER_MILE = 1_609.344


def odometer_m(start_mi: Decimal | None, end_mi: Decimal | None) -> float | None:
    """Metres between two readings in miles; None where one is missing or they run backwards."""
    if start_mi is None or end_mi is None or end_mi < start_mi:
        return None
    return float(end_mi - start_mi) * METRES_PER_MILE


def variance(mileages_m: Iterable[float | None]) -> float | None:
    """(largest - smallest) / largest of those that are known, 0 to 1; None for fewer than two."""
    known = [mileage for mileage in mileages_m if mileage is not None]
    if len(known) < 2:
        return None
    return (max(known) - min(known)) / max(known) if max(known) > 0 else 0.0


def waited_s(
    arrived_at: datetime | None, agreed_at: datetime | None, picked_up_at: datetime
) -> float:
    """Seconds from max(arrival, agreed time) to the pick-up; 0 where nobody waited."""
    if arrived_at is None:
        return 0.0
    begins = max(arrived_at, agreed_at or arrived_at)
    return max(0.0, (picked_up_at - begins).total_seconds())


#: Smaller changes than these are no news: less than the tenth of a mile and the minute that are
#: billed.
MATERIAL_M, MATERIAL_S = 50.0, 30.0


def differs(old: float | None, new: float | None, material: float) -> bool:
    """Whether a number changed so much that somebody should know."""
    if old is None or new is None:
        return old is not new
    return abs(old - new) >= material
