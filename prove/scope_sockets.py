"""Socket by socket and frame by frame: a stranger's trip is as absent, for every role."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from prove.scope import STRANGERS
from tests.scope.house import ABSENT, House
from tests.scope.table import ROLES, TABLE
from trips import links
from trips.realtime.client import PROTOCOL

TIMEOUT_S = 30.0
FORBIDDEN, NOT_FOUND = 4403, 4404
#: Who has the board, and who sees which trip: as over HTTP.
BOARD, TRIP = TABLE["GET /dispatch/"].who, TABLE["GET /api/trips/<pk>/"].who
#: The server says "bad frame" to it, after all that it had to say before.
NONSENSE = '{"type": "is that all?"}'
Heard = tuple[list[dict[str, Any]], int | None]


class Doors:
    """The sockets of a running server, with the house's people in front of them."""

    def __init__(self, house: House, ws_url: str) -> None:
        self._house, self._url = house, ws_url
        self._keys = {
            "own": house.own["trip"].pk,
            "foreign": house.foreign["trip"].pk,
            "absent": ABSENT,
        }

    def faults(self) -> list[str]:
        """What any role is told too much, or too little."""
        return [
            f"{who}: {fault}"
            for who, board, trip in zip(ROLES, BOARD, TRIP, strict=True)
            for fault in (*self._of_board(who, board), *self._of_trip(who, trip), *self._of_me(who))
        ] + list(self._of_links())

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
        answers = {name: self._ask(who, key) for name, key in self._keys.items()}
        if answers["foreign"] != answers["absent"]:
            yield f"of a stranger's trip: {answers['foreign']}, not {answers['absent']}"
        text = json.dumps(answers).encode()
        yield from (f"hears of {word!r}" for word in STRANGERS if word in text and who in OUTSIDE)

    def _of_links(self) -> Iterator[str]:
        """A link is for one trip, and shows no person."""
        own, absent = links.sign(self._keys["own"]), links.sign(ABSENT)
        frames, code = self._hear(None, f"/ws/track/{own}/")
        if not frames or any(name in json.dumps(frames) for name in ("Pia", "Götgatan")):
            yield f"a link is answered {code}, {frames}"
        for signed in (absent, own[:-1] + "!", "x"):
            if (heard := self._hear(None, f"/ws/track/{signed}/")) != ([], NOT_FOUND):
                yield f"a bad link is answered {heard}"

    def _ask(self, who: str, trip: int) -> list[Any]:
        """What is answered on one's own socket to frames that name a trip."""
        frames = [
            {"type": "subscribe", "trips": [trip]},
            {"type": "gps", "ref": "r", "fixes": [{"latitude": 57.7, "longitude": 11.9}]},
            {"type": "resume", "epoch": "x", "since": 0, "trip": trip},
            {"type": "ack", "frames": 1, "trip_id": trip},
        ]
        heard, _ = self._hear(who, "/ws/me/", frames)
        return [frame for frame in heard if frame["type"] in ("error", "ack")]

    def _hear(
        self, who: str | None, path: str, frames: list[dict[str, Any]] | None = None
    ) -> Heard:
        """(the frames until there are no more, the code with which it is closed)."""
        heard: list[dict[str, Any]] = []
        with self._socket(who, path) as socket:
            try:
                for frame in frames or []:
                    socket.send(json.dumps(frame))
                socket.send(json.dumps({"type": "resume"}))
                socket.send(NONSENSE)
                while True:
                    frame = json.loads(socket.recv(TIMEOUT_S))
                    heard.append(frame)
            except ConnectionClosed as closed:
                return heard, closed.rcvd.code if closed.rcvd else None
