"""Many look-ups of one moment as one query: after a restart a whole fleet is unknown at once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Batched(Generic[K, V]):
    """`get` waits for the query that answers its key; keys gather while another query runs."""

    def __init__(self, query: Callable[[Iterable[K]], Awaitable[dict[K, V]]]) -> None:
        self._query = query
        self._waiting: dict[K, asyncio.Future[V | None]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V | None:
        """What the query found for `key`, or None; raises what the query raised."""
        future = self._waiting.get(key)
        if future is None:
            future = self._waiting[key] = asyncio.get_running_loop().create_future()
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        return await asyncio.shield(future)

    async def _ask(self) -> None:
        while self._waiting:
            asked, self._waiting = self._waiting, {}
            try:
                found = await self._query(asked)
            except Exception as exc:
                for future in asked.values():
                    future.set_exception(exc)
                    future.exception()  # who asked may have gone
            else:
                for key, future in asked.items():
                    future.set_result(found.get(key))
