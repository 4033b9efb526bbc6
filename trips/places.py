"""The address book: suggestions from past trips and picked points, a geocoder last.

A facility sees the places of its own trips, a dispatcher all. Addresses are asked for in the
query of a URL: no log of ours holds one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from trips import access, routing
from trips.dispatch.travel import Point
from trips.models import KnownPlace, Trip
from users.models import User
from users.roles import Permission

MOST_SUGGESTED = 10
#: Best places looked at before the same address of several facilities is made one.
MOST_READ = 60
#: Fewer letters are not worth asking a geocoder for.
GEOCODED_FROM = 4
#: Trips' numbers are not committed in order: younger ones are left to the next round.
SETTLED_AFTER = timedelta(minutes=2)
TRIPS_AT_ONCE = 5_000

_Key = tuple[str, int | None]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An address and where it is; `origin` is picked, trips or geocoder."""

    address: str
    latitude: float
    longitude: float
    uses: int
    origin: str


def normalised(address: str) -> str:
    """`address` without what writers differ in: case, punctuation, spaces."""
    words = "".join(char if char.isalnum() else " " for char in address.casefold())
    return " ".join(words.split())[:250]


def suggest(*, user: User, words: str, most: int = MOST_SUGGESTED) -> list[Suggestion]:
    """Places whose address holds all `words`, those that begin so and the most used first.

    The company's geocoder adds what is missing; so it must not run in a transaction.
    """
    key = normalised(words)
    rows = _visible(user)
    for word in key.split():
        rows = rows.filter(key__contains=word)
    found = _merged(rows.order_by("-picked", "-uses", "pk")[:MOST_READ])
    names = sorted(found, key=lambda name: (not name.startswith(key), -found[name].uses))
    suggestions = [found[name] for name in names[:most]]
    if len(suggestions) < most and len(key) >= GEOCODED_FROM:
        for address, (latitude, longitude) in routing.addresses(words, most - len(suggestions)):
            if normalised(address) not in found:
                suggestions.append(Suggestion(address, latitude, longitude, 0, "geocoder"))
    return suggestions


def _visible(user: User) -> QuerySet[KnownPlace]:
    if user.may(Permission.SEE_ALL_TRIPS):
        return KnownPlace.objects.all()
    return KnownPlace.objects.filter(facility__in=access.facility_ids(user))


def _merged(rows: Iterable[KnownPlace]) -> dict[str, Suggestion]:
    """{key: suggestion}: the point of the first row of each key, the uses of all."""
    found: dict[str, Suggestion] = {}
    for row in rows:
        first = found.get(row.key)
        origin = "picked" if row.picked else "trips"
        found[row.key] = Suggestion(
            first.address if first else row.address,
            first.latitude if first else row.latitude,
            first.longitude if first else row.longitude,
            row.uses + (first.uses if first else 0),
            first.origin if first else origin,
        )
    return found


def pick(*, facility_id: int | None, address: str, point: Point) -> KnownPlace:
    """Keep what somebody showed on a map; it stays where past trips say otherwise."""
    key, (latitude, longitude) = normalised(address), point
    with transaction.atomic():
        _one_writer()
        place = KnownPlace.objects.filter(key=key, facility=facility_id).first()
        place = place or KnownPlace(key=key, facility_id=facility_id)
        place.address, place.picked = address, True
        place.latitude, place.longitude = latitude, longitude
        place.save()
    return place


def learn(now: datetime | None = None) -> int:
    """Count the places of trips that were booked since the last time; how many trips."""
    settled = Trip.objects.filter(created_at__lt=(now or timezone.now()) - SETTLED_AFTER)
    learned, batch = 0, TRIPS_AT_ONCE
    while batch == TRIPS_AT_ONCE:
        with transaction.atomic():
            _one_writer()
            batch = _learn_batch(settled)
        learned += batch
    return learned


def _one_writer() -> None:
    """Rows are counted on what was read: two at once would count twice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('trips_knownplace'))")


def _learn_batch(settled: QuerySet[Trip]) -> int:
    last = KnownPlace.objects.aggregate(last=Max("last_trip_id"))["last"] or 0
    trips = list(settled.filter(pk__gt=last).order_by("pk")[:TRIPS_AT_ONCE])
    stops = [
        (trip.pk, trip.facility_id, address, point)
        for trip in trips
        for address, point in (
            (trip.pickup_address, (trip.pickup_latitude, trip.pickup_longitude)),
            (trip.dropoff_address, (trip.dropoff_latitude, trip.dropoff_longitude)),
        )
    ]
    keys = {normalised(address) for _, _, address, _ in stops}
    known: dict[_Key, KnownPlace] = {
        (place.key, place.facility_id): place for place in KnownPlace.objects.filter(key__in=keys)
    }
    before = {name: place.last_trip_id for name, place in known.items()}
    for trip_id, facility_id, address, point in stops:
        name = normalised(address), facility_id
        if trip_id > before.get(name, 0):
            known[name] = _counted(known.get(name), name, trip_id, address, point)
    KnownPlace.objects.bulk_create(
        known.values(),
        batch_size=1_000,
        update_conflicts=True,
        unique_fields=["key", "facility"],
        update_fields=["address", "latitude", "longitude", "uses", "last_trip_id"],
    )
    return len(trips)


def _counted(
    place: KnownPlace | None, name: _Key, trip_id: int, address: str, point: Point
) -> KnownPlace:
    place = place or KnownPlace(key=name[0], facility_id=name[1])
    if not place.picked:
        place.address, (place.latitude, place.longitude) = address, point
    place.uses += 1
    place.last_trip_id = trip_id
    return place
