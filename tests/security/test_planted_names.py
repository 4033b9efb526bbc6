"""A patient's name, planted: it is in the database and on the pages that show it, nowhere else."""

from __future__ import annotations

import gzip
import logging
import os
from base64 import b64encode
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings as conf
from django.test import Client

from config.celery import app
from config.logs import Formatter
from prove.planted import (
    NAME,
    STREET,
    WORD,
    book,
    in_redis,
    in_subjects,
    mails_are_over,
    plant,
    ride,
    trouble,
)
from prove.wire_tap import WireTap, layers
from tests.cast import PASSWORD, Cast
from tests.fixtures_processes import CeleryWorker, Mailbox, WebServer, wait_until
from tests.plugin import Services
from tests.sockets.screen import Screen
from trips.models import Patient
from users.models import User


def test_the_wire_tap_hears_what_is_packed() -> None:
    words = WORD.encode()
    body = b64encode(gzip.compress(b'["' + words + b'"]'))
    escaped = repr(gzip.compress(words))[2:-1].encode()
    for command in (b"SET x " + words, b'LPUSH q {"body": "' + body + b'"}', b"SET x " + escaped):
        assert any(words in one for one in layers(command)), command
    assert not any(words in one for one in layers(b"SET x " + b64encode(b"nothing of hers")))


@pytest.fixture
def planted(cast: Cast) -> Cast:
    """Pia has another name and home."""
    plant(cast)
    return cast


@pytest.mark.django_db(transaction=True)
def test_no_log_no_queue_and_no_subject_ever_holds_it(
    planted: Cast,
    http: httpx.Client,
    web_server: WebServer,
    celery_worker_process: CeleryWorker,
    smtp_sink: Mailbox,
    services: Services,
) -> None:
    logs = [web_server.log, celery_worker_process.log]
    begun = {path: Path(path).stat().st_size for path in logs}
    with WireTap(os.environ["REDIS_URL"]) as tap:
        trip, token = book(planted, http), planted.token(planted.dina)
        with Screen(f"{web_server.ws_url}/ws/dispatch/", token=token) as board:
            board.live()
            ride(planted, http, trip)
            board.until(lambda state: _is_over(state.trips.get(trip.pk)))
        answers = trouble(planted, http)
        # A task that fails because of what the database holds of her.
        Patient.objects.update(email=f"{WORD}@@nowhere")
        app.send_task("users.tasks.send_welcome_email", [10**9])
        app.send_task("billing.tasks.generate_invoice", [10**9])
        wait_until(mails_are_over, 60, "the end of all mails")
        celery_worker_process.wait_idle(60)
    assert all(answer.status_code < 500 for answer in answers)
    assert len(tap.commands) > 100, "the tap heard the queues"
    assert any(b"generate_invoice" in command for command in tap.commands)
    assert tap.holds(WORD.encode()) == []
    for path in logs:
        with open(path, "rb") as file:
            file.seek(begun[path])
            assert WORD.encode() not in file.read(), path
    mails = smtp_sink.messages
    assert mails
    assert in_subjects(mails) == []
    assert in_redis(os.environ["REDIS_URL"]) == []


def _is_over(trip: dict[str, Any] | None) -> bool:
    return trip is None or trip["status"] == "completed"


@pytest.mark.django_db
def test_no_error_page_and_no_crash_report_tells_it(
    planted: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def crash(*args: object, **more: object) -> None:
        raise ValueError(f"no such person: {NAME}, {STREET}")

    assert not conf.DEBUG
    monkeypatch.setattr("trips.access.visible_trips", crash)
    browser = Client(raise_request_exception=False)
    browser.force_login(planted.pia)
    with caplog.at_level(logging.INFO):
        answers = [browser.get("/api/trips/"), browser.get("/me/"), browser.get("/me/book/")]
    assert answers[0].status_code == 500
    for answer in answers:
        if answer.status_code >= 500:
            assert WORD not in answer.content.decode()
            assert "Traceback" not in answer.content.decode()
    lines = "\n".join(map(Formatter("%(levelname)s %(message)s").format, caplog.records))
    assert "ValueError" in lines
    # The frames' source line is this file's own.
    assert WORD not in lines.replace("{NAME}, {STREET}", "")


@pytest.mark.django_db
def test_who_searches_for_it_leaves_no_trace_in_the_log(
    planted: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    User.objects.filter(pk=planted.ada.pk).update(is_staff=True, is_superuser=True)
    browser = Client()
    form = {"username": "ada", "password": PASSWORD}
    assert browser.post("/accounts/login/", form).status_code == 302
    with caplog.at_level(logging.DEBUG):
        for page in ("/admin/trips/patient/?q=", "/admin/users/user/?q=", "/api/patients/?search="):
            assert browser.get(page + WORD).status_code == 200
    ours = [one for one in caplog.records if not one.name.startswith("django.db")]
    lines = "\n".join(map(Formatter("%(levelname)s %(name)s %(message)s").format, ours))
    assert WORD not in lines
