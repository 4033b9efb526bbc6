"""A patient's name, planted: it is in the database and on the pages that show it, nowhere else."""

from __future__ import annotations

import gzip
import logging
import os
from base64 import b64encode
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings as conf
from django.test import Client
from django.utils import timezone

from config.celery import app
from config.logs import Formatter
from tests.cast import DROPOFF, PASSWORD, PICKUP, Cast
from tests.fixtures_processes import CeleryWorker, Mailbox, WebServer, wait_until
from tests.plugin import Services
from tests.security.wire_tap import WireTap, layers
from tests.sockets.screen import Screen
from trips.models import Patient, Trip
from users.models import Notification, User

NAME, STREET = "Zdravomila Quxenberg", "Quxenberg Lane 99"
#: Part of both, which nothing else has.
WORD = "Quxenberg"


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
    Patient.objects.filter(pk=cast.patient.pk).update(name=NAME, address=STREET)
    User.objects.filter(pk=cast.pia.pk).update(first_name="Zdravomila", last_name=WORD)
    cast.patient.refresh_from_db()
    return cast


def ride(cast: Cast, http: httpx.Client, web_server: WebServer) -> Trip:
    """Booked, watched, driven, completed: all through the real doors."""
    dina, omar = cast.headers(cast.dina), cast.headers(cast.omar)
    body = {
        "patient_id": cast.patient.pk,
        "pickup": {"address": STREET, "latitude": PICKUP[0], "longitude": PICKUP[1]},
        "dropoff": {"address": STREET, "latitude": DROPOFF[0], "longitude": DROPOFF[1]},
        "scheduled_at": (timezone.now() + timedelta(minutes=20)).isoformat(),
        "notes": f"ask for {NAME}",
        "mobility": "ambulatory",
    }
    answer = http.post("/api/trips/", json=body, headers=dina)
    assert answer.status_code == 201, answer.text
    trip = Trip.objects.get(pk=answer.json()["id"])
    token = cast.token(cast.dina)
    with Screen(f"{web_server.ws_url}/ws/dispatch/", token=token) as board:
        board.live()
        cast.tap(trip, "schedule")
        cast.tap(trip, "assign")
        cast.tap(trip, "dispatch")
        fix = {"latitude": PICKUP[0], "longitude": PICKUP[1]}
        for action in ("start", "arrive_pickup", "pick_up", "arrive_dropoff", "complete"):
            tap = {"action": action, "client_event_id": f"planted-{action}"}
            done = http.post(f"/api/trips/{trip.pk}/status/", json=tap, headers=omar)
            assert done.status_code == 200, done.text
            http.post(f"/api/trips/{trip.pk}/gps/", json=fix, headers=omar)
        board.until(lambda state: trip.pk not in state.trips or _is_over(state, trip))
    return trip


def _is_over(state: Any, trip: Trip) -> bool:
    return bool(state.trips[trip.pk]["status"] == "completed")


def trouble(cast: Cast, http: httpx.Client) -> list[httpx.Response]:
    """What goes wrong with her name in it."""
    dina = cast.headers(cast.dina)
    bad_trip = {"patient_id": 0, "pickup_address": STREET, "notes": [NAME], NAME: 1}
    return [
        http.post("/api/trips/", json=bad_trip, headers=dina),
        http.post(
            "/api/trips/",
            content=f'{{"notes": "{NAME}',
            headers={**dina, "Content-Type": "application/json"},
        ),
        http.get(f"/api/patients/?search={WORD}&page=99", headers=dina),
        http.get(f"/api/nowhere/{WORD}/", headers=dina),
        http.get(f"/nowhere/{WORD}/"),
        http.get(f"/track/{WORD}/"),
        http.get(f"/api/gps/{WORD}/?lat={WORD}"),
        http.post("/api/auth/token/", json={"username": NAME, "password": WORD}),
        http.post(
            "/api/trips/import/",
            content=f"patient,pickup\n{NAME},{STREET}\n".encode(),
            headers={**dina, "Content-Type": "text/csv"},
        ),
        http.post("/accounts/login/", data={"username": NAME, "password": WORD}),
        http.get("/api/trips/", headers={"Authorization": f"Token {WORD}"}),
        http.get("/api/trips/", headers={"X-Request-ID": NAME, "User-Agent": NAME}),
    ]


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
        ride(planted, http, web_server)
        answers = trouble(planted, http)
        # A task that fails because of what the database holds of her.
        Patient.objects.update(email=f"{WORD}@@nowhere")
        app.send_task("users.tasks.send_welcome_email", [10**9])
        app.send_task("billing.tasks.generate_invoice", [10**9])
        wait_until(_mails_are_over, 60, "the end of all mails")
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
    for mail in mails:
        assert WORD not in str(mail["Subject"])


def _mails_are_over() -> bool:
    mails = Notification.objects.filter(channel="email")
    return mails.exists() and not mails.filter(state__in=("queued", "sending")).exists()


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
