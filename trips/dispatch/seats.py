"""Who fits into which seating of a vehicle (pure).

A seating is changed (seats folded, a stretcher fitted) only while nobody is aboard: from one
empty moment to the next, one and the same seating must take everybody.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

#: The place that each mobility needs, best first: an ambulatory rider may use any seat.
PLACES: dict[str, tuple[str, ...]] = {
    "ambulatory": ("amb",),
    "wheelchair": ("wc", "bwc"),
    "bariatric_wheelchair": ("bwc",),
    "stretcher": ("str", "bstr"),
    "bariatric_stretcher": ("bstr",),
}

Configuration = Mapping[str, int]

#: How many people of each mobility are aboard, as one number: they add and subtract.
Load = int
_SHIFT = {mobility: 8 * n for n, mobility in enumerate(PLACES)}


def load_of(mobility: str, companions: int = 0) -> Load:
    """One rider with so many companions (escorts, an attendant) on ambulatory seats."""
    return (1 << _SHIFT[mobility]) + (companions << _SHIFT["ambulatory"])


def fits(
    configurations: Sequence[Configuration], riders: Iterable[str], *, escorts: int = 0
) -> bool:
    """Whether all `riders` (mobilities) and escorts fit at once into one configuration.

    A configuration counts places: `{"amb": 4, "wc": 1}`; escorts sit on ambulatory seats.
    """
    load = sum(map(load_of, riders)) + (escorts << _SHIFT["ambulatory"])
    return bool(Seating.of(configurations).taking(load))


class Seating:
    """The configurations of a vehicle. A set of them is a bit mask: bit n is the nth."""

    def __init__(self, configurations: Sequence[Configuration]) -> None:
        self._configurations = configurations
        self._taking: dict[Load, int] = {}
        #: Every configuration: what an empty vehicle can be made into.
        self.every = (1 << len(configurations)) - 1

    @staticmethod
    def of(configurations: Sequence[Configuration]) -> "Seating":
        """One object for all vehicles that are seated alike."""
        return _seating(tuple(tuple(sorted(one.items())) for one in configurations))

    def taking(self, load: Load) -> int:
        """The configurations that take this load; 0 for none."""
        if (known := self._taking.get(load)) is None:
            rest = (_left(one, load) for one in self._configurations)
            known = sum(1 << n for n, left in enumerate(rest) if left is not None)
            self._taking[load] = known
        return known

    def left(self, mask: int, load: Load) -> dict[str, int]:
        """The places still free beside `load` in the first configuration of `mask`."""
        for n, one in enumerate(self._configurations):
            if mask >> n & 1 and (left := _left(one, load)) is not None:
                return left
        return {}


@lru_cache(maxsize=1024)
def _seating(configurations: tuple[tuple[tuple[str, int], ...], ...]) -> Seating:
    return Seating([dict(one) for one in configurations])


def _left(configuration: Configuration, load: Load) -> dict[str, int] | None:
    free = dict(configuration)
    # Riders with fewer choices take their place first.
    for mobility in sorted(PLACES, key=lambda name: len(PLACES[name])):
        for _ in range(load >> _SHIFT[mobility] & 0xFF):
            place = next((name for name in PLACES[mobility] if free.get(name, 0) > 0), None)
            if place is None:
                return None
            free[place] -= 1
    return free
