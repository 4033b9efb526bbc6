"""Recording what happened: event, outbox and stream numbers in the writer's own transaction.

    with recording() as log:
        …write…
        log.event(event, drivers={…})

When the outermost block ends, the streams take their next numbers in one statement, last and
in name order: numbers are gapless and in commit order, and two writers never deadlock.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from django.db import connection, transaction
from django.utils import timezone

from config.publish import publish
from config.subscriptions import SUBSCRIPTIONS
from trips.events.relay import kick
from trips.events.streams import BOARD, trip_stream, user_stream
from trips.models import Delivery, StreamEntry, TripEvent
from users.models import Notification

#: The kick on commit normally runs a delivery at once; the sweeper looks after this.
SWEEP_AFTER = timedelta(seconds=10)


@dataclass
class Recording:
    """All that one transaction appends."""

    events: list[TripEvent] = field(default_factory=list)
    entries: list[StreamEntry] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)

    def event(self, event: TripEvent, *, watchers: Iterable[int] = ()) -> None:
        """Show a saved event to the board, the trip's watchers and the users `watchers`."""
        self.events.append(event)
        names = [BOARD, trip_stream(event.trip_id), *map(user_stream, sorted(set(watchers)))]
        self.entries += [StreamEntry(stream_id=name, event=event) for name in names]
        self.fact(event.event, event.pk)

    def notification(self, notification: Notification) -> None:
        """Show a saved in-app notification to its person."""
        if notification.user_id is None:
            raise ValueError("an in-app notification needs a user")
        name = user_stream(notification.user_id)
        self.entries.append(StreamEntry(stream_id=name, notification=notification))

    def fact(self, topic: str, subject_id: int) -> None:
        """Owe a reaction to every subscriber of `topic`."""
        due_at = timezone.now() + SWEEP_AFTER
        self.deliveries += [
            Delivery(topic=topic, subject_id=subject_id, subscriber=name, due_at=due_at)
            for name in SUBSCRIPTIONS.get(topic, ())
        ]

    def flush(self) -> None:
        """Write the outbox and the stream entries; publish once the transaction is committed."""
        Delivery.objects.bulk_create(self.deliveries, ignore_conflicts=True)
        heads = _number(self.entries)
        StreamEntry.objects.bulk_create(self.entries)
        transaction.on_commit(partial(_publish, self, heads))


_current: ContextVar[Recording | None] = ContextVar("recording", default=None)


@contextmanager
def recording() -> Iterator[Recording]:
    """One transaction that records; inside another recording it joins that one."""
    if (outer := _current.get()) is not None:
        yield outer
        return
    with transaction.atomic():
        log = Recording()
        token = _current.set(log)
        try:
            yield log
        finally:
            _current.reset(token)
        log.flush()


def _number(entries: list[StreamEntry]) -> dict[str, int]:
    """Give each entry its stream's next number; {stream: head} of what was touched."""
    if not entries:
        return {}
    counts = Counter(entry.stream_id for entry in entries)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO trips_stream AS s (name, last_seq)
               SELECT name, n FROM unnest(%s::text[], %s::bigint[]) AS t (name, n) ORDER BY name
               ON CONFLICT (name) DO UPDATE SET last_seq = s.last_seq + excluded.last_seq
               RETURNING name, last_seq""",
            [list(counts), list(counts.values())],
        )
        heads: dict[str, int] = dict(cursor.fetchall())
    following = {name: heads[name] - n + 1 for name, n in counts.items()}
    for entry in entries:
        entry.seq = following[entry.stream_id]
        following[entry.stream_id] += 1
    return heads


#: A bulk import rings once for the board; screens of single trips compare heads anyway.
MOST_DOORBELLS = 20


def _publish(log: Recording, heads: dict[str, int]) -> None:
    newest = {event.trip_id: event for event in log.events}
    for event in list(newest.values())[-MOST_DOORBELLS:]:
        publish("trips.tasks.broadcast_trip_status", event.trip_id, event.status, event.message)
    users = sorted(name for name in heads if name.startswith("user:"))
    if users:
        publish("trips.tasks.ring", users[:MOST_DOORBELLS])
    for delivery in log.deliveries:
        kick(delivery)
