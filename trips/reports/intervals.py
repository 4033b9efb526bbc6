"""Stretches of time as sorted, disjoint (from, to) pairs of unix seconds (pure)."""

from collections.abc import Iterable

Interval = tuple[float, float]


def united(stretches: Iterable[Interval]) -> list[Interval]:
    """Any stretches as a set of moments: sorted, overlaps counted once, empty ones left out."""
    found: list[Interval] = []
    for begin, end in sorted(stretches):
        if end <= begin:
            continue
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def common(one: list[Interval], other: list[Interval]) -> list[Interval]:
    """The moments that are in both (each as `united` gives it)."""
    return united((max(a, c), min(b, d)) for a, b in one for c, d in other)


def without(one: list[Interval], other: list[Interval]) -> list[Interval]:
    """The moments of `one` that are not in `other` (each as `united` gives it)."""
    found = one
    for begin, end in other:
        found = [
            piece
            for a, b in found
            for piece in ((a, min(b, begin)), (max(a, end), b))
            if piece[0] < piece[1]
        ]
    return found


def seconds(stretches: Iterable[Interval]) -> int:
    """How long they are together, in whole seconds."""
    return round(sum(end - begin for begin, end in stretches))
