"""Whether a screen ended up with what was answered 2xx, and never showed it wrongly (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple


class Change(NamedTuple):
    """A trip's status at one of its versions: as answered to a tap, or as shown by a screen."""

    trip_id: int
    version: int
    status: str


class Picture(NamedTuple):
    """Everything that a screen shows after a snapshot: {trip: version}."""

    versions: Mapping[int, int]


class Position(NamedTuple):
    """Where a vehicle was; `at` is ISO 8601 in UTC with Z, as in every frame."""

    vehicle_id: int | None
    at: str
    latitude: float
    longitude: float


def check_changes(answered: Iterable[Change], shown: Sequence[Change | Picture]) -> list[str]:
    """What is wrong with `shown` (in the order of showing): one sentence per fault.

    A picture stands for what happened since the screen's last change of the trip, and for
    nothing before: that should have been shown.
    """
    wanted = set(answered)
    told = {one for one in shown if isinstance(one, Change)}
    by_trip = _by_trip(shown)
    faults = [f"lost: {change}" for change in sorted(wanted - told) if not _drawn(change, by_trip)]
    faults += [f"never happened: {change}" for change in sorted(told - wanted)]
    for steps in by_trip.values():
        faults += _disorder(steps)
    return faults


class _Step(NamedTuple):
    """A change that was shown, or the version in a picture (`change` is None)."""

    version: int
    change: Change | None


def _by_trip(shown: Sequence[Change | Picture]) -> dict[int, list[_Step]]:
    by_trip: dict[int, list[_Step]] = {}
    for one in shown:
        if isinstance(one, Change):
            by_trip.setdefault(one.trip_id, []).append(_Step(one.version, one))
            continue
        for trip_id, version in one.versions.items():
            by_trip.setdefault(trip_id, []).append(_Step(version, None))
    return by_trip


def _drawn(change: Change, by_trip: Mapping[int, list[_Step]]) -> bool:
    newest = 0
    for step in by_trip.get(change.trip_id, ()):
        if step.change is None and newest < change.version <= step.version:
            return True
        newest = max(newest, step.version)
    return False


def _disorder(steps: list[_Step]) -> list[str]:
    faults = []
    seen: set[int] = set()
    newest = 0
    for version, change in steps:
        if change is not None and version in seen:
            faults.append(f"duplicated: {change}")
        elif version < newest:
            what = change or f"a picture at {version}"
            faults.append(f"out of order: {what} after version {newest}")
        seen.add(version)
        newest = max(newest, version)
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
