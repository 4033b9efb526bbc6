"""Where the address book has the addresses of a whole file, in one statement."""

from collections.abc import Collection

from django.db.models import F

from trips.models import KnownPlace
from trips.places import normalised

Points = dict[str, tuple[float, float]]


def points_of(addresses: Collection[str]) -> Points:
    """{address: (latitude, longitude)} of those that are known, the surest place of each.

    One picked on a map beats one learned, the dispatchers' own a facility's, then use decides.
    """
    keys = {address: normalised(address) for address in addresses}
    # The surest one last: it stays.
    found = KnownPlace.objects.filter(key__in=set(keys.values())).order_by(
        "picked", F("facility_id").desc(nulls_last=True), "uses"
    )
    points = {
        key: (latitude, longitude)
        for key, latitude, longitude in found.values_list("key", "latitude", "longitude")
    }
    return {address: points[key] for address, key in keys.items() if key in points}
