"""Row 15: frames that nobody should send, on every kind of socket."""

from __future__ import annotations

import asyncio
import json
import string
from collections import Counter
from random import Random
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from prove.row import Outcome, Row, scaled
from prove.screens import Screen
from prove.stack import Stack
from tests.cast import open_company
from trips.realtime.client import PROTOCOL

FRAMES, LINES = 20_000, 20
LIVE_S = 30.0
#: What 1011 stands for: our own fault.
INTERNAL_ERROR = 1011
TYPES = ("resume", "subscribe", "ack", "gps", "hello", "snapshot", "", "\0", "RESUME", 7, None)
NAMES = ("type", "since", "epoch", "trips", "frames", "lat", "latitude", "lon", "at", "ref", "__x")
ODD = (
    None, True, -1, 0, 1, 2**31, 2**63, 2**64, -(2**63), 1e308, -0.0, 91.0, "", "\0", "NaN",
    "é" * 40, "\ud7ff", "2026-11-20T08:00:00Z", "00000000-0000-0000-0000-000000000000", "x" * 3_000,
)  # fmt: skip


def run(stack: Stack, seed: int, scale: float) -> Outcome:
    """Wild lines, which are closed and open anew, and one board that is to notice nothing."""
    stack.start(web=1, workers=("high",))
    cast, out = open_company(), Outcome()
    trip = cast.trip_in("in_progress").pk
    logins = [
        ("/ws/dispatch/", cast.token(cast.dina)),
        (f"/ws/trips/{trip}/", cast.token(cast.omar)),
        ("/ws/me/", cast.token(cast.omar)),
        ("/ws/me/", cast.token(cast.pia)),
    ]
    pid, frames = stack.webs[0].pid, scaled(FRAMES, scale, 200)
    codes, calm = asyncio.run(_run(stack, logins, cast.token(cast.dina), seed, frames))
    out.note("frames sent", frames)
    out.note("lines that were closed", sum(codes.values()))
    out.note("close codes", " ".join(f"{code} x{n}" for code, n in sorted(codes.items())))
    out.expect("closed with 1011", codes[INTERNAL_ERROR], 0)
    out.expect("the process is the same", stack.webs[0].running and stack.webs[0].pid == pid, True)
    out.expect("a board beside them was disturbed", not calm, False)
    tracebacks = stack.webs[0].log.read_text().count("Traceback")
    out.expect("tracebacks in the log", tracebacks, 0)
    return out


async def _run(
    stack: Stack, logins: list[tuple[str, str]], token: str, seed: int, frames: int
) -> tuple[Counter[int], bool]:
    codes: Counter[int] = Counter()
    async with Screen(f"{stack.ws_url}/ws/dispatch/", token) as screen:
        await screen.wait_until(lambda state: state.status == "live", LIVE_S)
        await asyncio.gather(
            *(
                _line(
                    stack, *logins[n % len(logins)], Random(seed * 100 + n), frames // LINES, codes
                )
                for n in range(LINES)
            )
        )
        calm = screen.close_codes == [] and screen.state.status == "live"
    return codes, calm


async def _line(
    stack: Stack, path: str, token: str, rng: Random, frames: int, codes: Counter[int]
) -> None:
    sent = 0
    while sent < frames:
        socket = await _open(f"{stack.ws_url}{path}", token)
        hearing = asyncio.create_task(_hear(socket))
        try:
            while sent < frames:
                await socket.send(frame(rng))
                sent += 1
                # Now and then the other side may say that it is enough.
                await asyncio.sleep(0)
        except ConnectionClosed:
            codes[socket.close_code or 0] += 1
        finally:
            hearing.cancel()
            await socket.close()


async def _open(url: str, token: str) -> ClientConnection:
    protocols = [Subprotocol(PROTOCOL), Subprotocol(f"token.{token}")]
    while True:
        try:
            return await connect(url, subprotocols=protocols, max_size=None)
        except (InvalidHandshake, OSError):
            await asyncio.sleep(0.1)


async def _hear(socket: ClientConnection) -> None:
    async for _frame in socket:
        pass


def frame(rng: Random) -> str | bytes:
    """A frame that is nearly right, or not at all."""
    kind = rng.random()
    if kind < 0.1:
        return rng.randbytes(rng.randint(0, 200))
    if kind < 0.2:
        return "".join(rng.choices(string.printable, k=rng.randint(0, 200)))
    if kind < 0.3:
        text = json.dumps(_object(rng, 3))
        return text[: rng.randint(0, len(text))]
    return json.dumps(_object(rng, 3))


def _object(rng: Random, depth: int) -> dict[str, Any]:
    made = {rng.choice(NAMES): _value(rng, depth - 1) for _ in range(rng.randint(0, 5))}
    return {"type": rng.choice(TYPES), **made} if rng.random() < 0.8 else made


def _value(rng: Random, depth: int) -> Any:
    if depth <= 0 or rng.random() < 0.6:
        return rng.choice(ODD)
    if rng.random() < 0.5:
        return [_value(rng, depth - 1) for _ in range(rng.randint(0, 6))]
    return _object(rng, depth)


ROW = Row(
    15,
    fault="20,000 fuzzed frames",
    reach="0 x 1011, process alive",
    bound_s=40,
    run=run,
    quick=0.05,
)
