"""How full the queues are, straight from Redis: kombu's own question fails on an empty queue."""

import json
import time
from collections import Counter

import redis

from config.workers import client

#: Where kombu keeps messages that a worker has taken and not acknowledged.
UNACKED = "unacked"
#: kombu appends separator and priority to a queue's name; priority 0 has none.
PRIORITIES = ("", "\x06\x163", "\x06\x166", "\x06\x169")


def get_queue_length(queue: str) -> int:
    """How many messages wait in `queue`, taken ones excluded; 0 for an empty or unknown one.

    Raises redis.RedisError where the broker is away.
    """
    with _pipeline() as pipeline:
        for key in _keys(queue):
            pipeline.llen(key)
        return sum(pipeline.execute())


def get_unacknowledged() -> dict[str, int]:
    """{queue: messages that workers hold}: those being worked on and those with a later eta."""
    held = client().hvals(UNACKED)
    return dict(Counter(json.loads(message)[2] for message in held))


def get_oldest_age_s(queue: str) -> float | None:
    """Seconds since the message that has waited longest in `queue` was sent; None: it is empty."""
    with _pipeline() as pipeline:
        for key in _keys(queue):
            pipeline.lindex(key, -1)
        sent = [json.loads(text)["headers"].get("sent_at") for text in pipeline.execute() if text]
    known = [moment for moment in sent if moment is not None]
    return max(0.0, time.time() - min(known)) if known else None


def _keys(queue: str) -> list[str]:
    return [queue + priority for priority in PRIORITIES]


def _pipeline() -> "redis.client.Pipeline":
    return client().pipeline(transaction=False)
