"""Estimates on their way to screens. They have no numbers: the newest of each trip wins.

`trips.dispatch.live_eta` writes rows where they changed; each server process looks for them at
the pace at which it compares heads, so none is lost with a message that did not arrive.
"""

import time
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec
from django.utils import timezone

from trips.events.streams import trip_stream, user_stream
from trips.lifecycle import ENDED
from trips.models import TripEta
from trips.realtime import messages
from trips.realtime.projections import Audience, eta_view
from trips.realtime.sockets import Socket
from trips.realtime.stream import Shared, read

#: Rows that were committed while a look was under way are looked at again.
OVERLAP = timedelta(seconds=5)
#: An estimate may reach a socket so much later than it was written.
DELAY = timedelta(seconds=30)
#: What was shown is remembered for so long: a snapshot is never older.
REMEMBERED_S = 60.0


class Estimates:
    """What one server process showed, and when."""

    def __init__(self) -> None:
        self._shown: dict[int, tuple[TripEta, float]] = {}
        self._since = timezone.now()
        self._standing = Shared[list[TripEta]](lambda: read(_rows, None))

    async def look(self) -> list[TripEta]:
        """What changed since the last look, to be shown now."""
        rows = await read(_rows, self._since - OVERLAP)
        self._since = max([self._since, *(row.updated_at for row in rows)])
        now = time.monotonic()
        newer = [row for row in rows if not self._has(row)]
        self._shown.update((row.pk, (row, now)) for row in newer)
        for trip_id, (_, at) in list(self._shown.items()):
            if at < now - REMEMBERED_S:
                del self._shown[trip_id]
        return newer

    def _has(self, row: TripEta) -> bool:
        known = self._shown.get(row.pk)
        return known is not None and known[0].updated_at >= row.updated_at

    def shown_since(self, begun_at: float) -> list[TripEta]:
        """What was shown at or after that monotonic second."""
        return [row for row, at in self._shown.values() if at >= begun_at]

    async def missed_since(self, left_at: datetime | None) -> list[TripEta]:
        """What a screen may lack that was live until `left_at`; all where nobody knows."""
        rows, _ = await self._standing.get()
        return [row for row in rows if not left_at or row.updated_at > left_at - DELAY]


def texts(rows: Iterable[TripEta], audience: Audience) -> dict[int, str]:
    """{trip: frame} of `rows` as `audience` may see them."""
    views = [view for row in rows if (view := eta_view(row, row.trip.status, audience))]
    return {view.trip_id: _text(view) for view in views}


def catch_up(socket: Socket, rows: Iterable[TripEta]) -> None:
    """Queue those of `rows` whose trips are on the socket's screen."""
    socket.outbox.merge_etas(texts([row for row in rows if _shows(socket, row)], socket.audience))


def _shows(socket: Socket, row: TripEta) -> bool:
    return socket.outbox.batch or socket.stream in streams_of(row)


def streams_of(row: TripEta) -> list[str]:
    """The streams, beside the board's, whose screens show the trip: its own, its driver's."""
    driver = row.trip.driver
    return [trip_stream(row.pk), *([user_stream(driver.user_id)] if driver else [])]


def _text(view: messages.Eta) -> str:
    return messages.encode(messages.TripEta(**msgspec.structs.asdict(view)))


#: What `eta_view` and `streams_of` read, and no more: after a pause these are thousands of rows.
_COLUMNS = ("eta", "lateness_s", "risk", "why", "suggestion", "updated_at")
_JOINED = ("trip__status", "trip__driver__user_id")


def _rows(since: datetime | None) -> list[TripEta]:
    rows = TripEta.objects.select_related("trip__driver").only(*_COLUMNS, *_JOINED)
    rows = rows.exclude(trip__status__in=ENDED)
    return list(rows.filter(updated_at__gt=since) if since else rows)
