"""Reading the streams: heads, what came after a number, and fresh snapshots (sync, ORM)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction

from trips import access, board, queries
from trips.events.streams import BOARD
from trips.models import Epoch, Stream, StreamEntry, Trip
from trips.models import TripEvent as EventRow
from trips.realtime import messages
from trips.realtime.projections import Audience, etas_of, trip_view
from users.models import Notification

#: A client further behind than this gets a snapshot: it is shorter than the replay.
MOST_REPLAYED = 500


@dataclass(slots=True)
class Entry:
    """Number `seq` of a stream; its frame is encoded once per audience."""

    seq: int
    event: EventRow | None
    trip: Trip | None
    notification: Notification | None
    is_for_later: bool = False
    message: str = ""
    _texts: dict[Audience, str] = field(default_factory=dict)

    @property
    def recorded_at(self) -> datetime | None:
        """When it was written down."""
        if self.notification is not None:
            return self.notification.created_at
        return self.event.recorded_at if self.event else None

    def text(self, audience: Audience) -> str:
        """The frame for `audience`, as it goes over the wire."""
        if audience not in self._texts:
            self._texts[audience] = messages.encode(self._frame(audience))
        return self._texts[audience]

    def _frame(self, audience: Audience) -> messages.Frame:
        if self.notification is not None:
            return messages.Notification(seq=self.seq, notification=notice(self.notification))
        if self.event is None or self.trip is None:  # the database forbids it
            raise ValueError(f"stream entry {self.seq} is empty")
        if audience is Audience.DRIVER and self.is_for_later:
            # Numbered, so it is sent; but whom one drives next week is nobody's to know yet.
            audience = Audience.PUBLIC
        return messages.TripEvent(
            seq=self.seq,
            trip_id=self.event.trip_id,
            version=self.event.version,
            status=self.event.status,
            event=self.event.event,
            at=messages.iso(self.event.occurred_at),
            message="" if audience is Audience.PUBLIC else self.event.message or self.message,
            trip=trip_view(self.trip, audience),
        )


def notice(row: Notification) -> messages.Notice:
    """A notification as its person sees it."""
    return messages.Notice(
        id=row.pk,
        kind=row.kind,
        message=row.message,
        trip_id=row.trip_id,
        at=messages.iso(row.created_at),
        read_at=messages.iso(row.read_at) if row.read_at else None,
    )


def epoch() -> str:
    """The UUID of this history of numbers."""
    return str(Epoch.objects.get_or_create(pk=1)[0].value)


def known_epoch() -> str:
    """The same where there is one yet; reading must not begin a history."""
    known = Epoch.objects.filter(pk=1).first()
    return str(known.value) if known else ""


def heads(names: Iterable[str]) -> dict[str, int]:
    """{stream: last number}; 0 for a stream that nothing was written to."""
    wanted = list(names)
    found = dict(Stream.objects.filter(name__in=wanted).values_list("name", "last_seq"))
    return {name: found.get(name, 0) for name in wanted}


def entries(stream: str, since: int) -> list[Entry]:
    """What follows number `since`, at most MOST_REPLAYED, in order.

    Trips are shown as they are now: a client keeps the higher version.
    """
    rows = list(
        StreamEntry.objects.filter(stream_id=stream, seq__gt=since)
        .select_related("event", "notification")
        .order_by("seq")[:MOST_REPLAYED]
    )
    ids = {row.event.trip_id for row in rows if row.event}
    trips = queries.with_related(Trip.objects.filter(pk__in=ids)).in_bulk()
    # Asked here, where the database may be: frames are made on the event loop.
    later = access.later_for_drivers(trips.values()) if stream != BOARD else frozenset()
    return [_entry(row, trips, later) for row in rows]


def _entry(row: StreamEntry, trips: dict[int, Trip], later: frozenset[int]) -> Entry:
    if row.event is None:
        return Entry(row.seq, None, None, row.notification)
    trip = trips[row.event.trip_id]
    return Entry(row.seq, row.event, trip, None, is_for_later=trip.pk in later)


def snapshot(stream: str, audience: Audience) -> tuple[int, str]:
    """(number, frame): everything the stream's screen shows, consistent with that number."""
    kind, _, key = stream.partition(":")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        seq = heads([stream])[stream]
        frame: messages.Frame
        if stream == BOARD:
            frame = _snapshot(seq, board.trips(), queries.vehicles(), audience)
        elif kind == "trip":
            trips = list(queries.with_related(Trip.objects.filter(pk=int(key))))
            frame = _snapshot(seq, trips, queries.vehicles(int(key)), audience)
        else:
            frame = _my_snapshot(seq, int(key), audience)
    return seq, messages.encode(frame)


def _snapshot(
    seq: int, trips: list[Trip], vehicles: list[messages.Vehicle], audience: Audience
) -> messages.Snapshot:
    shown = [trip_view(trip, audience) for trip in trips]
    etas = etas_of(trips, audience)
    return messages.Snapshot(seq=seq, trips=shown, vehicles=vehicles, etas=etas)


#: Notices in the snapshot of `/ws/me/`; older ones are paged over HTTP.
NOTICES_SHOWN = 50


def _my_snapshot(seq: int, user_id: int, audience: Audience) -> messages.MySnapshot:
    mine = Notification.objects.filter(user_id=user_id, channel=Notification.Channel.IN_APP)
    trips = list(queries.with_related(access.trips_to_drive(user_id)))
    return messages.MySnapshot(
        seq=seq,
        trips=[trip_view(trip, audience) for trip in trips],
        vehicles=[],
        etas=etas_of(trips, audience),
        notifications=[notice(row) for row in mine.order_by("-pk")[:NOTICES_SHOWN]],
        unread=mine.filter(read_at__isnull=True).count(),
    )
