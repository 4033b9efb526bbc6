"""Whether the log of trips is what was written: every row, in order, none more and none less."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db.models import QuerySet

from config.chain import Fault, Link, faults
from trips.evidence.record import HASHED
from trips.models import Trip

#: Rows held at once.
CHUNK = 2_000
_COLUMNS = (*HASHED, "hash")
_VERSION, _PREVIOUS_HASH = HASHED.index("version"), HASHED.index("previous_hash")


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong at one version of one trip's log."""

    trip_id: int
    version: int
    fault: Fault


@dataclass(slots=True)
class Verified:
    """How much was looked at so far."""

    trips: int = 0
    events: int = 0


def verify(trip_id: int | None = None, looked_at: Verified | None = None) -> Iterator[Finding]:
    """What is wrong with one trip's log or (None) with any; in order, counting in `looked_at`.

    One statement, so that trips and events are of one moment, read in chunks.
    """
    trips = Trip.objects.all() if trip_id is None else Trip.objects.filter(pk=trip_id)
    return verify_trips(trips, looked_at)


def verify_trips(trips: QuerySet[Trip], looked_at: Verified | None = None) -> Iterator[Finding]:
    """The same for some trips."""
    looked_at = looked_at or Verified()
    rows = trips.order_by("pk", "events__version").values_list(
        "pk", "version", *(f"events__{name}" for name in _COLUMNS)
    )
    for (trip, length), story in groupby(rows.iterator(CHUNK), key=lambda row: row[:2]):
        looked_at.trips += 1
        links = (_link(row[2:]) for row in story if row[2 + _VERSION] is not None)
        for version, fault in faults(_counted(links, looked_at), length):
            yield Finding(trip, version, fault)


def _link(values: tuple[Any, ...]) -> Link:
    content = dict(zip(HASHED, values, strict=False))
    return Link(values[_VERSION], content, values[_PREVIOUS_HASH], values[-1])


def _counted(links: Iterator[Link], looked_at: Verified) -> Iterator[Link]:
    for link in links:
        looked_at.events += 1
        yield link
