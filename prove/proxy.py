"""A TCP proxy that does what bad networks do; it runs on a thread with a loop of its own."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from collections.abc import Callable, Coroutine
from typing import Any

CHUNK = 65_536
#: Pieces between one end and the other; then the sender waits.
MOST_ON_THE_WAY = 256
#: How long what is held back waits before it looks again whether it may go on.
LOOK_S = 0.01
#: What is on its way when the proxy is closed.
END_S = 5.0


class FaultProxy:
    """Passes bytes to a port of this machine, or to whichever `choose()` says, and harms them.

    Each attribute may be changed at any time, by any thread.
    """

    def __init__(self, target: int | Callable[[], int], seed: int = 0) -> None:
        self._target = target
        self._random = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._lines: set[_Line] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server: asyncio.Server = self._do(self._listen())
        self.port: int = self._server.sockets[0].getsockname()[1]
        #: Each piece arrives so much later, in both directions.
        self.delay_s = 0.0
        #: The share of answers that are cut off whole: the request was delivered, and is done.
        self.cut_answers = 0.0
        self.answers_cut = 0
        self._stalled = False

    def stall(self) -> None:
        """Lines stay open, and nothing passes."""
        self._stalled = True

    def flow(self) -> None:
        """What was held back goes on."""
        self._stalled = False

    def cut(self) -> None:
        """Cut all lines that are open now."""
        self._do(self._cut())

    def close(self) -> None:
        """Cut everything and listen no more."""
        if self._loop.is_running():
            self._server.close()
            self._do(self._end())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def _do(self, what: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(10)

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=2_048)

    async def _cut(self) -> None:
        for line in list(self._lines):
            line.cut()

    async def _end(self) -> None:
        self._stalled = False
        await self._cut()
        if others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others, timeout=END_S)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = self._target if isinstance(self._target, int) else self._target()
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.transport.abort()
            return
        line = _Line(writer, far_writer)
        self._lines.add(line)
        try:
            there = self._pass(reader, far_writer, line, answers=False)
            await asyncio.gather(there, self._pass(far_reader, writer, line, answers=True))
        finally:
            self._lines.discard(line)
            line.cut()

    async def _pass(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        line: _Line,
        *,
        answers: bool,
    ) -> None:
        # Late, but no slower: the next piece is read while this one is on its way.
        way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(MOST_ON_THE_WAY)
        arriving = asyncio.create_task(self._arrive(way, writer, line, answers=answers))
        try:
            data = b"begin"
            while data and not arriving.done():
                with contextlib.suppress(OSError):
                    data = await reader.read(CHUNK)
                await way.put((self._loop.time() + self.delay_s, data))
            await arriving
        finally:
            arriving.cancel()

    async def _arrive(
        self,
        way: asyncio.Queue[tuple[float, bytes]],
        writer: asyncio.StreamWriter,
        line: _Line,
        *,
        answers: bool,
    ) -> None:
        with contextlib.suppress(OSError):
            while (piece := await way.get())[1]:
                await self._hold(piece[0])
                if answers and self.cut_answers and self._random.random() < self.cut_answers:
                    self.answers_cut += 1
                    line.cut()
                    return
                writer.write(piece[1])
                await writer.drain()
            # Half closed: the other direction may still have something to say.
            if writer.can_write_eof() and not writer.is_closing():
                writer.write_eof()

    async def _hold(self, due: float) -> None:
        """Until it is time, and nothing is stalled."""
        await asyncio.sleep(due - self._loop.time())
        # Any thread may end a stall, which an event of this loop could not wait for.
        while self._stalled:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_S)


class _Line:
    """Both ends of one connection."""

    def __init__(self, *ends: asyncio.StreamWriter) -> None:
        self._ends = ends

    def cut(self) -> None:
        """Without a goodbye."""
        for end in self._ends:
            end.transport.abort()
