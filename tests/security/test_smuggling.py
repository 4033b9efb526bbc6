"""Handshakes byte by byte: what is not plainly a page of ours never gets a cookie's socket."""

from __future__ import annotations

import httpx
import pytest
from django.test import Client

from prove.handshakes import (
    EVIL,
    OPENED,
    foreign_origins,
    hidden_requests,
    is_answered_twice,
    opened_by,
    shake,
    smuggled_origins,
    with_token,
)
from tests.api.problems import the_problem
from tests.cast import Cast
from tests.fixtures_processes import WebServer
from tests.sockets.test_handshake import cookie_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def port(web_server: WebServer) -> int:
    return int(web_server.base_url.rpartition(":")[2])


@pytest.fixture
def ours(web_server: WebServer) -> bytes:
    """The address of our pages."""
    return web_server.base_url.encode()


@pytest.fixture
def cookie(cast: Cast) -> bytes:
    return b"Cookie: " + cookie_of(cast.dina).encode()


def test_a_page_of_ours_opens_it(port: int, ours: bytes, cookie: bytes) -> None:
    assert shake(port, cookie, b"Origin: " + ours) == OPENED


def test_no_other_origin_opens_a_sessions_socket(port: int, ours: bytes, cookie: bytes) -> None:
    assert opened_by(port, cookie, foreign_origins(ours) + smuggled_origins(ours)) == []


def test_a_token_needs_no_origin_and_a_foreign_page_cannot_use_it(
    cast: Cast, port: int, ours: bytes
) -> None:
    token = with_token(cast.token(cast.dina))
    assert shake(port, token) == OPENED
    assert shake(port, token, b"Origin: " + ours) == OPENED
    assert shake(port, token, b"Origin: " + EVIL) == "4401"
    assert shake(port, token + b"x") == "4401"


def test_a_request_hidden_in_another_is_not_answered(port: int) -> None:
    assert [one for one in hidden_requests() if is_answered_twice(port, one)] == []


def test_a_form_that_cannot_be_read_is_refused_in_our_words(cast: Cast, http: httpx.Client) -> None:
    headers = {**cast.headers(cast.dina), "Content-Type": "multipart/form-data"}
    the_problem(http.post("/api/trips/import/", content=b"x", headers=headers), 400)


def test_a_host_that_is_not_ours_is_refused(cast: Cast) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil.example"):
        assert Client(headers={"host": host}).get("/accounts/login/").status_code == 400
