"""Whether a screen ended up with what was answered 2xx, and never showed it wrongly (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple


class Change(NamedTuple):
    """A trip's status at one of its versions: as answered to a tap, or as shown by a screen."""

    trip_id: int
    version: int
    status: str


class Position(NamedTuple):
    """Where a vehicle was; `at` is ISO 8601 in UTC with Z, as in every frame."""

    vehicle_id: int | None
    at: str
    latitude: float
    longitude: float


def check_changes(answered: Iterable[Change], shown: Sequence[Change]) -> list[str]:
    """What is wrong with `shown` (in the order of showing): one sentence per fault."""
    wanted = set(answered)
    faults = [f"lost: {change}" for change in sorted(wanted - set(shown))]
    faults += [f"never happened: {change}" for change in sorted(set(shown) - wanted)]
    by_trip: dict[int, list[Change]] = {}
    for change in shown:
        by_trip.setdefault(change.trip_id, []).append(change)
    for changes in by_trip.values():
        faults += _disorder(changes)
    return faults


def _disorder(changes: list[Change]) -> list[str]:
    faults = []
    seen: set[int] = set()
    newest = 0
    for change in changes:
        if change.version in seen:
            faults.append(f"duplicated: {change}")
        elif change.version < newest:
            faults.append(f"out of order: {change} after version {newest}")
        seen.add(change.version)
        newest = max(newest, change.version)
    return faults


def check_positions(answered: Iterable[Position], shown: Sequence[Position]) -> list[str]:
    """The same for markers: none goes back in time, none stands elsewhere than at the last fix.

    Fixes in between may be passed over: a marker shows where the vehicle is, not its way.
    """
    faults = []
    tracks: dict[int | None, list[Position]] = {}
    for position in shown:
        tracks.setdefault(position.vehicle_id, []).append(position)
    for track in tracks.values():
        faults += [
            f"backwards: {after} after {before.at}"
            for before, after in pairwise(track)
            if after.at < before.at
        ]
    for vehicle_id, last in _last(answered).items():
        track = tracks.get(vehicle_id, [])
        if not track or track[-1] != last:
            faults.append(f"not at the last position {last}: {track[-1] if track else None}")
    return faults


def _last(answered: Iterable[Position]) -> dict[int | None, Position]:
    newest: dict[int | None, Position] = {}
    for position in answered:
        known = newest.get(position.vehicle_id)
        if known is None or known.at < position.at:
            newest[position.vehicle_id] = position
    return newest
