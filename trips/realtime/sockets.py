"""One open socket as the hub knows it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from trips.realtime import messages
from trips.realtime.credentials import Credential
from trips.realtime.outbox import Outbox
from trips.realtime.projections import Audience
from trips.realtime.resume import Entry
from users.roles import Permission, may


@dataclass(eq=False, slots=True)
class Socket:
    """What it watches, as whom, and what it has; `close` is the consumer's."""

    stream: str
    audience: Audience
    credential: Credential | None  # None: a tracking link
    outbox: Outbox
    close: Callable[[int], Awaitable[None]]
    trip_id: int | None = None
    only_trips: frozenset[int] | None = None
    seq: int = 0
    live: bool = False

    def offer(self, entry: Entry) -> None:
        """Queue the stream's next entry; what the socket already has is dropped."""
        if entry.seq > self.seq:
            self.outbox.put(entry.text(self.audience))
            self.seq = entry.seq

    def put(self, frame: messages.Frame) -> None:
        """Queue a frame of its own."""
        self.outbox.put(messages.encode(frame))

    @property
    def shows_positions(self) -> bool:
        """The board and the sockets of trips do; `/ws/me/` does not."""
        return self.outbox.batch or self.trip_id is not None

    def relation(self) -> tuple[int, int] | None:
        """(user, trip) that must still belong together; None for who sees all trips."""
        if self.credential is None or self.trip_id is None:
            return None
        if may(self.credential.role, Permission.SEE_ALL_TRIPS):
            return None
        return self.credential.user_id, self.trip_id
