"""The expiring tracking link: a signed trip id, good while the trip concerns its reader."""

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.utils import timezone

from trips.lifecycle import ENDED
from trips.models import Trip

SALT = "trips.links"
GOOD_FOR = timedelta(days=3)
AFTER_THE_END = timedelta(hours=1)


def sign(trip_id: int) -> str:
    """The `<signed>` of `/track/<signed>/` and `/ws/track/<signed>/`."""
    return signing.dumps(trip_id, salt=SALT)


def url(trip_id: int) -> str:
    """The link as it is mailed."""
    return f"{settings.BASE_URL}/track/{sign(trip_id)}/"


def read(signed: str) -> int | None:
    """The trip of a link that is ours, not older than GOOD_FOR, and not over for an hour."""
    try:
        trip_id = signing.loads(signed, salt=SALT, max_age=GOOD_FOR)
    except signing.BadSignature:
        return None
    return trip_id if isinstance(trip_id, int) and still_open([trip_id]) else None


def still_open(trip_ids: list[int]) -> set[int]:
    """Those trips whose links still show something."""
    trips = Trip.objects.filter(pk__in=trip_ids).exclude(
        status__in=ENDED, state_since__lt=timezone.now() - AFTER_THE_END
    )
    return set(trips.values_list("pk", flat=True))
