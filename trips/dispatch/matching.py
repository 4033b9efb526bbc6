"""Who fits into which vehicle (pure)."""

from collections.abc import Iterable, Mapping, Sequence

#: The place that each mobility needs, best first: an ambulatory rider may use any seat.
PLACES: dict[str, tuple[str, ...]] = {
    "ambulatory": ("amb",),
    "wheelchair": ("wc", "bwc"),
    "bariatric_wheelchair": ("bwc",),
    "stretcher": ("str", "bstr"),
    "bariatric_stretcher": ("bstr",),
}

Configuration = Mapping[str, int]


def fits(
    configurations: Sequence[Configuration], riders: Iterable[str], *, escorts: int = 0
) -> bool:
    """Whether all `riders` (mobilities) and escorts fit at once into one configuration.

    A configuration counts places: `{"amb": 4, "wc": 1}`; escorts sit on ambulatory seats.
    """
    needed = [PLACES[mobility] for mobility in riders] + [PLACES["ambulatory"]] * escorts
    return any(_seats(dict(configuration), needed) for configuration in configurations)


def _seats(free: dict[str, int], needed: list[tuple[str, ...]]) -> bool:
    # Riders with fewer choices take their place first.
    for places in sorted(needed, key=len):
        place = next((name for name in places if free.get(name, 0) > 0), None)
        if place is None:
            return False
        free[place] -= 1
    return True
