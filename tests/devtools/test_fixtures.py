"""The processes that other tests rely on are real, share the test database, and recover."""

from __future__ import annotations

import json
import urllib.request

import pytest
from django.core.mail import send_mail
from django.db import connection

from tests.fixtures_processes import CeleryWorker, Mailbox, WebServer


@pytest.mark.django_db(transaction=True)
def test_the_web_server_uses_the_test_database_and_survives_a_kill(web_server: WebServer) -> None:
    assert connection.settings_dict["NAME"].startswith("test_atw")
    old = web_server.pid
    web_server.restart()
    assert web_server.pid != old
    with urllib.request.urlopen(f"{web_server.base_url}/healthz") as answer:  # noqa: S310
        assert json.load(answer)


@pytest.mark.django_db(transaction=True)
def test_the_worker_runs_tasks_and_survives_a_kill(celery_worker_process: CeleryWorker) -> None:
    from trips.tasks import process_trip_completion

    for _ in range(2):
        result = process_trip_completion.delay(0)
        assert "not completed" in result.get(timeout=15)
        celery_worker_process.wait_idle()
        celery_worker_process.restart()


def test_mail_reaches_the_sink(smtp_sink: Mailbox) -> None:
    send_mail("Trip 7 is on its way", "soon", "dispatch@example.org", ["pia@example.org"])
    [mail] = smtp_sink.wait_for(1)
    assert mail["Subject"] == "Trip 7 is on its way"
