"""Whether a Celery worker still shows that its loop runs (`config.workers`)."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from urllib.parse import urlsplit


def shows_life(env: Mapping[str, str], queue: str, node: str) -> bool:
    """Whether this machine's worker `node` of that environment does; also where nobody can tell."""
    # Part of the application's packages, which are there once anything runs.
    import redis

    url = env.get("CELERY_BROKER_URL") or urlsplit(env["REDIS_URL"])._replace(path="/0").geturl()
    try:
        with redis.Redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.5) as broker:
            return bool(broker.exists(f"atw:worker:{queue}:{node}@{socket.gethostname()}"))
    except redis.RedisError:
        return True
