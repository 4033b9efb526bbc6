"""What leaves for Sentry: where it crashed and what kind; nothing that a person said or is."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from config import logs, sentry
from config.celery import app
from tests.cast import Cast

SECRET = "Pia Nyberg"
ID = "request-0123456789"


class Post(Transport):
    """Keeps what would be sent, as it would be sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[dict[str, Any]] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        event = envelope.get_event()
        if event is not None:
            self.sent.append(json.loads(json.dumps(event, default=str)))


@pytest.fixture
def post() -> Iterator[Post]:
    post = Post()
    sentry.start("https://key@sentry.invalid/1", "prod", transport=post)
    yield post
    # A client without an address sends nothing.
    sentry_sdk.init()


def crash(request: HttpRequest, token: str) -> HttpResponse:
    patient = f"{SECRET} {token}"  # a local variable
    logging.getLogger("trips").error("trip of %s failed", patient)
    raise ValueError(f"no such patient: {patient}")


urlpatterns = [path("crash/<str:token>/", crash)]


@pytest.mark.django_db
@pytest.mark.urls("tests.ops.test_sentry")
def test_a_crash_in_a_view_leaves_with_type_and_place_alone(post: Post, cast: Cast) -> None:
    headers = {"authorization": "Token abcdefgh", "x-request-id": ID}
    client = Client(headers=headers, raise_request_exception=False)
    client.force_login(cast.pia)
    answer = client.post(
        "/crash/secret-token/?name=Nyberg", {"name": SECRET, "address": "Garden Street"}
    )
    assert answer.status_code == 500
    text = json.dumps(post.sent)
    for word in (
        SECRET,
        "Nyberg",
        "Garden",
        "secret-token",
        "abcdefgh",
        "sessionid",
        cast.pia.email,
    ):
        assert word not in text, word
    event = next(event for event in post.sent if "exception" in event)
    [value] = event["exception"]["values"]
    assert value["type"] == "ValueError"
    assert value["stacktrace"]["frames"][-1]["function"] == "crash"
    assert event["transaction"] == "/crash/{token}/"
    assert event["tags"]["request"] == ID
    assert event["environment"] == "prod"


def test_a_failed_task_leaves_without_its_arguments(post: Post) -> None:
    @app.task(name="tests.crash", max_retries=0)
    def crashing(user_id: int, message: str) -> None:
        raise KeyError(message)

    try:
        crashing.apply((3, SECRET))
    finally:
        app.tasks.unregister("tests.crash")
    assert post.sent
    text = json.dumps(post.sent)
    assert SECRET not in text
    assert post.sent[-1]["exception"]["values"][0]["type"] == "KeyError"


def test_fields_that_the_library_may_add_stay_here() -> None:
    event = {"event_id": "1", "user": {"email": SECRET}, "new": SECRET, "contexts": {"x": SECRET}}
    with logs.about(ID, lambda: {"user": 3}):
        kept = sentry.scrubbed(event, {})
    assert kept == {
        "event_id": "1", "contexts": {}, "tags": {"request": ID}, "user": {"id": "3"},
    }  # fmt: skip
