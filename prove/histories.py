"""Whatever happened, and whatever of it a client missed: it shows what a fresh one shows."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone
from hypothesis import strategies as st

from tests.cast import Cast
from trips import services
from trips.access import actors
from trips.events.streams import BOARD, trip_stream
from trips.lifecycle import Action, Status, possible
from trips.models import Trip
from trips.realtime import client_state, messages, resume
from trips.realtime.client_state import Effects, State
from trips.realtime.projections import Audience
from trips.services import Tap, act

NOW = 0.0
TRIPS = 3


@dataclass
class Line:
    """A server and a line that may lose frames, for one client."""

    stream: str
    state: State = field(default_factory=State)
    seq: int = 0
    cut: bool = False

    def connect(self) -> None:
        """A new socket: `hello`, and what the client then asks for."""
        client_state.closed(self.state, None, NOW)
        client_state.opened(self.state, NOW)
        self.seq = resume.heads([self.stream])[self.stream]
        hello = messages.Hello(stream=self.stream, epoch=resume.epoch(), seq=self.seq)
        self.cut = False
        self._receive(messages.encode(hello))

    def ring(self, *, lost: frozenset[int] = frozenset()) -> None:
        """Send what is new; of the frames, those whose numbers are in `lost` never arrive."""
        for entry in resume.entries(self.stream, self.seq):
            self.seq = entry.seq
            if not self.cut and entry.seq % 8 not in lost:
                self._receive(entry.text(Audience.DISPATCH))

    def beat(self) -> None:
        """A heartbeat, by which the client notices a lost last frame."""
        if not self.cut:
            frame = messages.Heartbeat(seq=self.seq, at="2026-11-20T08:00:00.000Z")
            self._receive(messages.encode(frame))

    def _receive(self, text: str) -> None:
        effects = client_state.received(self.state, json.loads(text), NOW)
        self._answer(effects)

    def _answer(self, effects: Effects) -> None:
        for frame in effects.send:
            if frame["type"] == "resume":
                self._resume(frame.get("since"))

    def _resume(self, since: int | None) -> None:
        if since is None:
            self.seq, text = resume.snapshot(self.stream, Audience.DISPATCH)
            self._receive(text)
            return
        for entry in resume.entries(self.stream, since):
            self._receive(entry.text(Audience.DISPATCH))
            self.seq = max(self.seq, entry.seq)
        frame = messages.Resumed(recovered=True, seq=self.seq)
        self._receive(messages.encode(frame))


histories = st.lists(
    st.one_of(
        st.tuples(st.just("tap"), st.integers(0, TRIPS - 1), st.integers(0, 20)),
        st.tuples(st.just("ring"), st.frozensets(st.integers(0, 7), max_size=3)),
        st.sampled_from([("beat",), ("cut",), ("connect",), ("book",)]),
    ),
    max_size=25,
)


def _tap(cast: Cast, trip_id: int, choice: int) -> None:
    trip = Trip.objects.get(pk=trip_id)
    allowed = possible(Status(trip.status), actors(cast.dina, trip))
    if not allowed:
        return
    action, _ = allowed[choice % len(allowed)]
    fields: dict[str, Any] = {"driver_id": cast.driver.pk, "vehicle_id": cast.van.pk}
    tap = Tap(action=Action(action), reason="as Hypothesis wants it", **fields)
    with contextlib.suppress(services.Refused):
        act(trip_id=trip_id, user=cast.dina, tap=tap)


def _live_through(cast: Cast, line: Line, trips: list[int], history: list[Any]) -> None:
    for kind, *details in history:
        if kind == "tap":
            _tap(cast, trips[details[0]], details[1])
        elif kind == "ring":
            line.ring(lost=details[0])
        elif kind == "book":
            cast.book()
        elif kind == "cut":
            line.cut = True
        elif kind == "connect":
            line.connect()
        else:
            line.beat()


def differences(cast: Cast, history: list[Any], *, whole_board: bool) -> list[str]:
    """What a client that lived through `history` shows otherwise than one that begins now.

    The board is empty afterwards: the last history's is as small as the first one's.
    """
    try:
        return _differences(cast, history, whole_board=whole_board)
    finally:
        yesterday = timezone.now() - timedelta(days=1)
        shown = Trip.objects.filter(state_since__gt=yesterday)
        shown.update(status=Status.CANCELLED, state_since=yesterday)


def _differences(cast: Cast, history: list[Any], *, whole_board: bool) -> list[str]:
    trips = [cast.book().pk for _ in range(TRIPS)]
    line = Line(BOARD if whole_board else trip_stream(trips[0]))
    line.connect()
    _live_through(cast, line, trips, history)
    if line.cut:
        line.connect()
    line.ring()
    line.beat()
    fresh = Line(line.stream)
    fresh.connect()
    names = ("status", "seq", "trips")
    pairs = ((name, getattr(line.state, name), getattr(fresh.state, name)) for name in names)
    return [f"{name}: {mine} instead of {true}" for name, mine, true in pairs if mine != true]
