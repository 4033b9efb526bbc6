"""What a server process does in the background for as long as it runs."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextvars import Context

logger = logging.getLogger(__name__)

Job = Callable[[], Awaitable[None]]


def begin(*jobs: Job) -> list[asyncio.Task[None]]:
    """Start each, in no socket's context: the first one's id is not that of all that follow."""
    return [
        asyncio.create_task(_forever(job), name=job.__name__, context=Context()) for job in jobs
    ]


async def _forever(job: Job) -> None:
    """Run `job` again whenever it fails: the database or Redis may be away for a while."""
    while True:
        try:
            await job()
        except Exception as exc:
            logger.warning("%s stopped, starts again: %s", job.__name__, type(exc).__name__)
        await asyncio.sleep(1)
