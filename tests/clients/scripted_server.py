"""A server of `atw.v1` over a real socket that can be told to misbehave."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

Json = dict[str, Any]
EPOCH = "11111111-1111-4111-8111-111111111111"


def trip(key: int, status: str, version: int) -> Json:
    return {"id": key, "status": status, "version": version}


class ScriptedServer:
    """Holds one board: numbered events in `log`, trips as they are; `sockets` are open."""

    def __init__(self) -> None:
        self.epoch = EPOCH
        self.log: list[Json] = []
        self.trips: dict[int, Json] = {7: trip(7, "assigned", 1)}
        self.sockets: list[ServerConnection] = []
        self.asked: list[Json] = []
        self.greetings: list[tuple[list[str], str | None]] = []
        self.refuse_with: int | None = None
        self.port = 0
        self._server: Server | None = None

    @property
    def seq(self) -> int:
        return len(self.log)

    async def start(self) -> None:
        """Listen on 127.0.0.1, on the port of the last time if there was one."""
        self._server = await serve(
            self._converse, "127.0.0.1", self.port, subprotocols=[Subprotocol("atw.v1")]
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        """Die as a killed process does: no close frames."""
        assert self._server is not None
        for socket in list(self.sockets):
            socket.transport.abort()
        self._server.close(close_connections=False)
        await self._server.wait_closed()

    async def publish(self, status: str, *, lost: bool = False) -> None:
        """Change trip 7; `lost`: the frame reaches nobody."""
        changed = trip(7, status, self.trips[7]["version"] + 1)
        self.trips[7] = changed
        frame = {"type": "trip.event", "seq": self.seq + 1, "trip_id": 7, "trip": changed}
        frame |= {"version": changed["version"], "status": status}
        self.log.append(frame)
        if not lost:
            await self.tell(frame)

    async def tell(self, frame: Json) -> None:
        """Send a frame to every open socket."""
        for socket in list(self.sockets):
            await socket.send(json.dumps(frame))

    async def heartbeat(self) -> None:
        await self.tell({"type": "heartbeat", "seq": self.seq, "at": "2026-03-02T09:00:00Z"})

    async def close(self, code: int) -> None:
        for socket in list(self.sockets):
            await socket.close(code)

    async def _converse(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        headers = socket.request.headers
        offered = headers.get("Sec-WebSocket-Protocol", "").split(", ")
        self.greetings.append((offered, headers.get("Origin")))
        if self.refuse_with is not None:
            await socket.close(self.refuse_with)
            return
        with suppress(ConnectionClosed):
            await self._serve(socket)
        if socket in self.sockets:
            self.sockets.remove(socket)

    async def _serve(self, socket: ServerConnection) -> None:
        hello = {"type": "hello", "protocol": "atw.v1", "stream": "board"}
        await socket.send(json.dumps(hello | {"epoch": self.epoch, "seq": self.seq}))
        async for text in socket:
            frame = json.loads(text)
            self.asked.append(frame)
            if frame["type"] == "resume":
                await self._resume(socket, frame)

    async def _resume(self, socket: ServerConnection, asked: Json) -> None:
        if socket not in self.sockets:
            self.sockets.append(socket)
        recovered = asked.get("epoch") == self.epoch
        replay = self.log[asked["since"] :] if recovered else []
        answer: list[Json] = [*replay]
        if recovered or "epoch" in asked:
            answer.append({"type": "resumed", "recovered": recovered, "seq": self.seq})
        if not recovered:
            trips = list(self.trips.values())
            answer.append({"type": "snapshot", "seq": self.seq, "trips": trips, "vehicles": []})
        for frame in answer:
            await socket.send(json.dumps(frame))


async def until(condition: Any, timeout_s: float = 5.0) -> None:
    """Wait until `condition()` is true; TimeoutError after about `timeout_s`."""
    for _ in range(int(timeout_s / 0.01)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError
