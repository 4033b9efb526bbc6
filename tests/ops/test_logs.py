"""What the logs hold: where, what kind, and what it is about by number; never a person's words."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.test import Client
from kombu import Queue

from config import logs, task_signals
from config.celery import app
from config.logs import Formatter, JsonFormatter
from config.publish import drain, publish
from tests.cast import Cast
from tests.fixtures_processes import CeleryWorker, wait_until
from trips.tasks import broadcast_gps_update

SECRET = "Pia Nyberg, Garden Street 1"
ID = "request-0123456789"


def _crash() -> logging.LogRecord:
    try:
        raise ValueError(SECRET)
    except ValueError as exc:
        return logging.getLogger("celery.app.trace").makeRecord(
            "celery.app.trace",
            logging.ERROR,
            __file__,
            1,
            "Task %(name)s[%(id)s] raised unexpected: %(exc)s",
            ({"name": "users.tasks.send_mail", "id": "1", "exc": repr(exc)},),
            exc_info=(type(exc), exc, exc.__traceback__),
        )


def _line(message: str, *args: object) -> logging.LogRecord:
    return logging.getLogger("trips").makeRecord(
        "trips", logging.INFO, __file__, 1, message, args, exc_info=None
    )


def test_a_failed_tasks_line_names_the_exceptions_type_and_not_its_text() -> None:
    line = Formatter("%(levelname)s %(message)s").format(_crash())
    assert "raised unexpected: ValueError" in line
    assert "in _crash" in line
    assert SECRET not in line.replace("raise ValueError(SECRET)", "")


def test_a_crash_in_a_chain_of_causes_keeps_quiet_about_all_of_them() -> None:
    try:
        try:
            raise ValueError(SECRET)
        except ValueError:
            raise RuntimeError(SECRET) from None
    except RuntimeError as exc:
        text = Formatter().formatException((type(exc), exc, exc.__traceback__))
    assert text.endswith("RuntimeError")
    assert SECRET not in text


def test_a_json_line_is_one_object_with_what_it_is_about() -> None:
    with logs.about(ID, lambda: {"user": 3, "trip": 12, "task": None}):
        text = JsonFormatter().format(_line("%d deliveries\nfailed", 2))
    assert "\n" not in text
    line = json.loads(text)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "INFO",
        "logger": "trips",
        "message": "2 deliveries\nfailed",
        "request": ID,
        "user": 3,
        "trip": 12,
    }


def test_a_json_line_of_a_crash_has_type_and_place_only() -> None:
    line = json.loads(JsonFormatter().format(_crash()))
    assert line["exception"] == "ValueError"
    assert "in _crash" in line["where"]
    assert SECRET not in json.dumps(line)


def test_a_plain_line_says_what_it_is_about_at_its_end() -> None:
    formatter = Formatter("%(message)s")
    assert formatter.format(_line("done")) == "done"
    with logs.about(ID, lambda: {"trip": 12}):
        assert formatter.format(_line("done")) == f"done request={ID} trip=12"
    assert formatter.format(_line("done")) == "done"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (ID, True),
        ("0af7651916cd43dd8448eb211c80319c", True),
        ("short", False),
        ("x" * 65, False),
        ("Pia Nyberg of Garden Street", False),
        ("line\nfeed-in-the-log", False),
        (ID + "\n", False),
        ("", False),
    ],
)
def test_a_request_keeps_its_sane_id_and_gets_one_otherwise(given: str, kept: bool) -> None:
    name = logs.id_for(given)
    assert (name == given) == kept
    assert logs.SANE.match(name)


class Written(logging.Handler):
    """Keeps each line as JSON."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter())
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))


@pytest.fixture
def written() -> Iterator[list[dict[str, Any]]]:
    handler = Written()
    logging.getLogger().addHandler(handler)
    yield handler.lines
    logging.getLogger().removeHandler(handler)


@pytest.mark.django_db
def test_an_answer_says_its_requests_id_and_the_log_who_asked_about_what(
    cast: Cast, written: list[dict[str, Any]]
) -> None:
    headers = {"authorization": f"Token {cast.token(cast.dina)}", "x-request-id": ID}
    answer = Client(headers=headers).get("/api/trips/4711/?search=Pia")
    assert answer.headers["X-Request-ID"] == ID
    [line] = [line for line in written if line["logger"] == "atw.http"]
    assert (line["request"], line["user"], line["trip"]) == (ID, cast.dina.pk, 4711)
    assert (line["method"], line["status"]) == ("GET", 404)
    assert "Pia" not in json.dumps(written)
    # Django's own line about what it did not find has the route, not the path.
    assert "/api/trips/4711" not in json.dumps(written)
    assert logs.fields() == {}


def test_what_a_request_sets_off_carries_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = "nobody-reads-this"
    # Celery remembers each queue that was published to.
    monkeypatch.setitem(app.amqp.queues, queue, Queue(queue, routing_key=queue))
    with redis.Redis.from_url(settings.BROKER_URL) as broker:
        broker.delete(queue)
        with logs.about(ID, dict):
            publish("config.celery.debug_task", queue=queue)
        publish("config.celery.debug_task", queue=queue)
        drain()
        second, first = (json.loads(text)["headers"] for text in broker.lrange(queue, 0, -1))
        broker.delete(queue)
    assert first["request_id"] == ID
    assert "request_id" not in second
    assert first["sent_at"] <= second["sent_at"]


def test_a_tasks_lines_have_its_requests_id_or_its_own_and_numbers_only() -> None:
    class Told:
        """A task as its signals show it."""

        name = "users.tasks.send_notification"
        delivery_info: dict[str, str] = {}
        eta = None
        is_eager = False
        request: Any

        @staticmethod
        def run(user_id: int, notification_type: str, message: str) -> None:
            raise NotImplementedError

    for request_id, expected in ((ID, ID), (None, "task-id-1")):
        task = Told()
        task.request = task
        if request_id:
            task.request_id = request_id  # type: ignore[attr-defined]
        task_signals._begins("task-id-1", task, (3, "hello"), {"message": SECRET})
        during = logs.fields()
        task_signals._ended("task-id-1", task, "SUCCESS")
        assert during == {
            "request": expected, "task": task.name, "task_id": "task-id-1", "user": 3,
        }  # fmt: skip
        assert logs.fields() == {}


@pytest.mark.django_db(transaction=True)
def test_a_failure_keeps_its_id_in_the_workers_log_and_no_text_in_redis(
    celery_worker_process: CeleryWorker, cast: Cast
) -> None:
    with logs.about(ID, dict):
        result = broadcast_gps_update.delay(31, 991.25, -74.0060)
    wait_until(result.ready, 30, "the task's end")
    assert result.state == "FAILURE"
    key = f"celery-task-meta-{result.id}"
    with redis.Redis.from_url(settings.RESULT_URL) as results:
        kept = results.get(key) or b""
    meta = result.backend.decode(kept)
    assert (meta["result"]["exc_message"], meta["traceback"]) == ([], None)
    assert meta["result"]["exc_type"] == "ValueError"

    def lines() -> list[str]:
        text = Path(celery_worker_process.log).read_text()
        return [line for line in text.splitlines() if result.id in line and "ERROR" in line]

    wait_until(lambda: bool(lines()), 30, "the line in the log")
    text = Path(celery_worker_process.log).read_text()
    assert f"request={ID}" in text
    assert "trip=31" in text
    assert "991.25" not in text
