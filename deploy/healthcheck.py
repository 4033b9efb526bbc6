"""A container's health for a tenth of a second of CPU: no Django, no `inspect ping`.

    python deploy/healthcheck.py web [PORT]
    python deploy/healthcheck.py worker NODE QUEUE

Ends with 0 when the part does its work. A worker does while its sign of life
(`config.workers`) stands in the broker; while the broker is away it waits, and to start it
anew would not help.
"""

import http.client
import os
import socket
import sys
from urllib.parse import urlsplit

TIMEOUT_S = 3


def web_answers(port: str = "8000") -> bool:
    """Whether `/healthz` is 200; raises OSError where nobody listens."""
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=TIMEOUT_S)
    connection.request("GET", "/healthz")
    return connection.getresponse().status == 200


def worker_lives(node: str, queue: str) -> bool:
    """Whether this host's worker `node` has lately shown that it consumes `queue`."""
    import redis

    url = os.environ.get("CELERY_BROKER_URL") or first_database(os.environ["REDIS_URL"])
    broker = redis.Redis.from_url(
        url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, retry=None
    )
    try:
        return bool(broker.exists(f"atw:worker:{queue}:{node}@{socket.gethostname()}"))
    except (redis.ConnectionError, redis.TimeoutError):
        return True


def first_database(url: str) -> str:
    """`url` with database 0; what follows a question mark stays."""
    return urlsplit(url)._replace(path="/0").geturl()


if __name__ == "__main__":
    part, *words = sys.argv[1:]
    healthy = web_answers(*words) if part == "web" else worker_lives(*words)
    sys.exit(0 if healthy else 1)
