"""Drive times and addresses from a company's own servers, where it has them.

Without `ATW_ROUTING_URL`, or where that server fails, `trips.dispatch.travel` estimates; without
`ATW_GEOCODER_URL` the address book stands alone. Called from tasks and before transactions,
never from the GPS door.
"""

import logging
import time
from collections.abc import Iterable, Sequence
from functools import cache

from django.conf import settings

from trips.dispatch.travel import DriveTime, Point, drive_time_s
from trips.routing.dialects import GEOCODERS, ROUTERS, Found
from trips.routing.remote import Remote, Unavailable

__all__ = ["addresses", "drive_times"]

logger = logging.getLogger(__name__)

Leg = tuple[Point, Point]

#: Ways in one question: servers refuse large tables by default (OSRM: 100 points).
LEGS_AT_ONCE = 50
#: So long a round of questions may last; what was not asked by then is estimated.
ROUND_S = 3.0
#: A drive time stays good for so long; within about 100 m a place is the same.
GOOD_FOR_S = 600.0
DECIMALS = 3
MOST_KNOWN = 50_000

_known: dict[Leg, tuple[float | None, float]] = {}  # seconds, and the monotonic time of asking
_server = cache(Remote)


def drive_times(legs: Iterable[Leg]) -> DriveTime:
    """A function that knows the seconds of these ways, and estimates all others."""
    if settings.ROUTING_URL:
        _learn(legs)
    return _drive_time_s


def addresses(words: str, most: int) -> list[Found]:
    """(address, point) that the company's geocoder finds, best first; [] without one."""
    if not settings.GEOCODER_URL:
        return []
    server, dialect = _server(settings.GEOCODER_URL), GEOCODERS[settings.GEOCODER_KIND]
    try:
        found = dialect.read(server.ask(dialect.ask(words, most)))[:most]
    except Unavailable as exc:
        logger.warning("geocoder unavailable: %s", exc)
        return []
    except (LookupError, TypeError, ValueError, AttributeError):
        server.failed()
        logger.warning("geocoder's answer is not %s's", settings.GEOCODER_KIND)
        return []
    server.worked()
    return found


def _drive_time_s(start: Point, end: Point) -> float:
    seconds, _ = _known.get(_near(start, end), (None, 0.0))
    return drive_time_s(start, end) if seconds is None else seconds


def _near(start: Point, end: Point) -> Leg:
    (a, b), (c, d) = start, end
    return (round(a, DECIMALS), round(b, DECIMALS)), (round(c, DECIMALS), round(d, DECIMALS))


def _learn(legs: Iterable[Leg]) -> None:
    """Ask for those of `legs` that are not known, until the round's time is over."""
    begun_at = time.monotonic()
    for leg in [leg for leg, (_, at) in list(_known.items()) if at < begun_at - GOOD_FOR_S]:
        _known.pop(leg, None)
    if len(_known) > MOST_KNOWN:
        _known.clear()
    new = [leg for leg in dict.fromkeys(_near(*leg) for leg in legs) if leg not in _known]
    for first in range(0, len(new), LEGS_AT_ONCE):
        if time.monotonic() - begun_at > ROUND_S:
            logger.info("routing: %d of %d ways left to estimates", len(new) - first, len(new))
            return
        try:
            _ask(new[first : first + LEGS_AT_ONCE])
        except Unavailable as exc:
            logger.warning("routing unavailable: %s", exc)
            return


def _ask(legs: Sequence[Leg]) -> None:
    server, dialect = _server(settings.ROUTING_URL), ROUTERS[settings.ROUTING_KIND]
    answer = server.ask(*dialect.ask([start for start, _ in legs], [end for _, end in legs]))
    try:
        matrix = dialect.read(answer)
        times = [matrix[index][index] for index in range(len(legs))]
    except (LookupError, TypeError, ValueError, AttributeError):
        server.failed()
        raise Unavailable(f"not an answer of {settings.ROUTING_KIND}") from None
    server.worked()
    now = time.monotonic()
    _known.update((leg, (seconds, now)) for leg, seconds in zip(legs, times, strict=True))
