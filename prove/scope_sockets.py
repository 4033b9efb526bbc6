"""Socket by socket and frame by frame: a stranger's trip is as absent, for every role."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from prove.scope import STRANGERS
from tests.scope.house import ABSENT, House
from tests.scope.table import ROLES, TABLE
from trips import links
from trips.models import Trip
from trips.realtime.client import PROTOCOL

TIMEOUT_S = 30.0
FORBIDDEN, NOT_FOUND = 4403, 4404
#: Who has the board, and who sees which trip: as over HTTP.
BOARD, TRIP = TABLE["GET /dispatch/"].who, TABLE["GET /api/trips/<pk>/"].who
#: Who may hear nothing of strangers.
OUTSIDE = ("omar", "pia", "hugo")
#: Refused in words of its own, after all that there was to say before.
LAST = b"is that all?"
REFUSED_LAST = "Frames are JSON text, not binary."
Frames = list[dict[str, Any]]


class Doors:
    """The sockets of a running server, with the house's people in front of them."""

    def __init__(self, house: House, ws_url: str) -> None:
        self._house, self._url = house, ws_url
        self._keys = {
            "own": house.own["trip"].pk,
            "foreign": house.foreign["trip"].pk,
            "absent": ABSENT,
        }
        self._places = itertools.count(1)
        self.opened = 0

    def faults(self) -> list[str]:
        """What anybody is told too much, or too little."""
        found = list(self._of_links())
        for who, board, trip in zip(ROLES, BOARD, TRIP, strict=True):
            told = (*self._of_board(who, board), *self._of_trip(who, trip), *self._of_me(who))
            found += [f"{who}: {fault}" for fault in told]
        return found + list(self._of_events())

    def _of_board(self, who: str, letter: str) -> Iterator[str]:
        frames, code = self._hear(who, "/ws/dispatch/")
        if letter == "N" and (frames, code) != ([], FORBIDDEN):
            yield f"the board is answered {code}, {len(frames)} frames"
        if letter == "A" and not frames:
            yield f"the board is closed with {code}"

    def _of_trip(self, who: str, letter: str) -> Iterator[str]:
        heard = {name: self._hear(who, f"/ws/trips/{key}/") for name, key in self._keys.items()}
        if heard["absent"] != ([], NOT_FOUND):
            yield f"an absent trip is answered {heard['absent']}"
        if letter == "O" and heard["foreign"] != heard["absent"]:
            yield f"a stranger's trip is answered {heard['foreign']}"
        if not heard["own"][0]:
            yield f"one's own trip is closed with {heard['own'][1]}"

    def _of_me(self, who: str) -> Iterator[str]:
        """Every frame of a client that names a trip, on one's own socket."""
        heard = {name: self._hear(who, "/ws/me/", key)[0] for name, key in self._keys.items()}
        foreign, absent = (_answers(heard[name]) for name in ("foreign", "absent"))
        if foreign != absent or not foreign:
            yield f"a frame that names a stranger's trip: {foreign}, not {absent}"
        if who in OUTSIDE and (names := _strangers(heard["foreign"])):
            yield f"one's own socket tells of {names}"

    def _of_links(self) -> Iterator[str]:
        """A link is for one trip, and names nobody."""
        good = links.sign(self._keys["own"])
        frames, code = self._hear(None, f"/ws/track/{good}/")
        if not frames or "Pia" in str(frames):
            yield f"a link is answered {code}, {frames}"
        for signed in (links.sign(ABSENT), good[:-1], "x"):
            if (heard := self._hear(None, f"/ws/track/{signed}/")) != ([], NOT_FOUND):
                yield f"a bad link is answered {heard}"

    def _of_events(self) -> Iterator[str]:
        """Something happens to the strangers' trip; the board hears of it, nobody outside."""
        trip, own = self._keys["foreign"], self._keys["own"]
        cast = self._house.cast
        with ExitStack() as stack:
            board = stack.enter_context(self._open("dina", "/ws/dispatch/"))
            board.send('{"type": "resume"}')
            places = [(who, path) for who in OUTSIDE for path in ("/ws/me/", f"/ws/trips/{own}/")]
            lines = [stack.enter_context(self._open(*place)) for place in places]
            theirs = Trip.objects.get(pk=trip)
            cast.tap(theirs, "pick_up", user=cast.strange_driver.user)
            while json.loads(board.recv(TIMEOUT_S)).get("trip_id") != trip:
                pass
            for (who, path), line in zip(places, lines, strict=True):
                frames = _until_last(line)
                if _strangers(frames) or any(frame.get("trip_id") == trip for frame in frames):
                    yield f"{who} hears of it at {path}: {frames}"

    def _hear(self, who: str | None, path: str, trip: int = 0) -> tuple[Frames, int | None]:
        """(what comes to a login, with frames that name a trip; the code that closes the line)."""
        frames: Frames = []
        with self._open(who, path) as line:
            try:
                for frame in self._naming(trip) if trip else ():
                    line.send(json.dumps(frame))
                line.send('{"type": "resume"}')
                frames = _until_last(line)
            except ConnectionClosed as closed:
                return frames, closed.rcvd.code if closed.rcvd else None
        return frames, None

    def _naming(self, trip: int) -> Frames:
        place = {"latitude": 57.7 + next(self._places) / 1_000, "longitude": 11.9}
        return [
            {"type": "subscribe", "trips": [trip]},
            {"type": "gps", "ref": "r", "fixes": [place], "trip_id": trip},
            {"type": "resume", "trip_id": trip},
        ]

    def _open(self, who: str | None, path: str) -> ClientConnection:
        self.opened += 1
        cast = self._house.cast
        login = [] if who is None else [f"token.{cast.token(self._house.user(who))}"]
        offered = [Subprotocol(name) for name in (PROTOCOL, *login)]
        return connect(f"{self._url}{path}", subprotocols=offered, proxy=None)


def _until_last(line: ClientConnection) -> Frames:
    """The frames until there is no more to say. ConnectionClosed, TimeoutError."""
    line.send(LAST)
    frames: Frames = []
    while (frame := json.loads(line.recv(TIMEOUT_S))).get("detail") != REFUSED_LAST:
        frames.append(frame)
    return frames


def _answers(frames: Frames) -> Frames:
    return [frame for frame in frames if frame["type"] in ("error", "ack")]


def _strangers(frames: Frames) -> list[str]:
    text = json.dumps(frames, ensure_ascii=False)
    return [name for name in (word.decode() for word in STRANGERS) if name in text]
