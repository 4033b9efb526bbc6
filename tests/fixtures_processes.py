"""Fixtures: a real web server, a real Celery worker and a real mailbox.

The processes share pytest-django's test database, so a test that uses one must commit:
mark it `django_db(transaction=True)`.
"""

from __future__ import annotations

import os
import time
import urllib.request
from collections.abc import Callable, Iterator
from email.message import EmailMessage

import pytest
import redis

from devtools import programs
from devtools.processes import STAGE_WORKER
from prove.processes import START_S
from prove.processes import RealProcess as RealProcess
from tests.plugin import SERVICES, Services


def wait_until(condition: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Return when `condition` holds; fail the test with `what` when it does not in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not happen in {timeout_s:g} s")
        time.sleep(0.05)


class WebServer(RealProcess):
    """daphne with the whole application."""

    def __init__(self, services: Services, env: dict[str, str]) -> None:
        program = programs.web("daphne", services.listener.fileno(), env)
        super().__init__(services.reaper, program, services.logs / "web.log")
        self.base_url = services.base_url
        self.ws_url = services.base_url.replace("http", "ws", 1)

    def answers(self) -> bool:
        """Whether `/healthz` is 200."""
        try:
            with urllib.request.urlopen(f"{self.base_url}/healthz", timeout=START_S) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False


class CeleryWorker(RealProcess):
    """One worker that reads all three queues."""

    def __init__(self, services: Services, env: dict[str, str]) -> None:
        queues = list(programs.QUEUES.values())
        argv = programs.celery_argv(queues, "test", "prefork")
        program = programs.python("worker", argv, STAGE_WORKER, env)
        super().__init__(services.reaper, program, services.logs / "worker.log")

    def answers(self) -> bool:
        """Whether it replies to a ping."""
        from config.celery import app

        return bool(app.control.ping(timeout=0.5))

    def wait_idle(self, timeout_s: float = 15.0) -> None:
        """Wait until every queue is empty and nothing is being worked on.

        What a killed worker had in hand counts until the broker hands it on.
        """
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as broker:
            keys = list(programs.QUEUES.values())
            wait_until(
                lambda: not (broker.hlen("unacked") or any(broker.llen(key) for key in keys)),
                timeout_s,
                "an idle worker",
            )


class Mailbox:
    """What the SMTP server has received since the test began."""

    def __init__(self, messages: list[EmailMessage]) -> None:
        self.messages = messages

    def reset(self) -> None:
        """Forget what came so far."""
        self.messages.clear()

    def wait_for(self, count: int, timeout_s: float = 15.0) -> list[EmailMessage]:
        """The messages, once there are at least `count`."""
        wait_until(lambda: len(self.messages) >= count, timeout_s, f"{count} mails")
        return list(self.messages)


@pytest.fixture(scope="session")
def services(pytestconfig: pytest.Config) -> Services:
    """The session's services."""
    return pytestconfig.stash[SERVICES]


@pytest.fixture(scope="session")
def process_env(django_db_setup: None) -> dict[str, str]:
    """The environment that makes a process of ours use the test database."""
    from django.db import connection

    database = connection.settings_dict["NAME"]
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    return {**os.environ, "PYTHONUNBUFFERED": "1", "DATABASE_URL": f"{server}/{database}"}


@pytest.fixture(scope="session")
def web_server(services: Services, process_env: dict[str, str]) -> Iterator[WebServer]:
    """daphne at `base_url` / `ws_url`."""
    server = WebServer(services, process_env)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def celery_worker_process(
    services: Services, process_env: dict[str, str]
) -> Iterator[CeleryWorker]:
    """A Celery worker."""
    worker = CeleryWorker(services, process_env)
    worker.start()
    yield worker
    worker.stop()


@pytest.fixture
def smtp_sink(services: Services, settings: object) -> Mailbox:
    """The mailbox, empty; mail of the test's own process goes there too."""
    # pytest-django replaces the backend by one that sends nothing.
    settings.EMAIL_BACKEND = "users.channels.smtp.Backend"  # type: ignore[attr-defined]
    mailbox = Mailbox(services.mails)
    mailbox.reset()
    return mailbox
