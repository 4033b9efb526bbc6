"""`/api/auth/…`: tokens are given, shown, refused, revoked; guessing is slowed down."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from knox.models import AuthToken
from rest_framework.test import APIClient

from tests.api.conftest import As
from tests.api.problems import the_problem
from tests.cast import PASSWORD, Cast
from users.auth import TOKEN

pytestmark = pytest.mark.django_db
LOGIN = {"username": "omar", "password": PASSWORD}
TOKEN_URL = "/api/auth/token/"


@pytest.fixture(autouse=True)
def _no_attempts_yet() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def with_token(token: str, scheme: str = "Token") -> APIClient:
    return APIClient(headers={"Authorization": f"{scheme} {token}"})


def test_omar_logs_in(cast: Cast) -> None:
    answer = APIClient().post(TOKEN_URL, LOGIN)
    assert answer.status_code == 200
    body = answer.json()
    assert body.keys() == {"token", "expiry", "user"}
    assert body["user"] == {"id": cast.omar.pk, "username": "omar", "role": "driver"}
    assert TOKEN.match(body["token"])
    expiry = parse_datetime(body["expiry"])
    assert expiry is not None
    assert expiry > timezone.now() + timedelta(days=29)
    for scheme in ("Token", "Bearer", "token"):
        assert with_token(body["token"], scheme).get("/api/trips/").status_code == 200


def test_only_a_hash_of_the_token_is_stored(cast: Cast) -> None:
    token = APIClient().post(TOKEN_URL, LOGIN).json()["token"]
    [row] = AuthToken.objects.all().values()
    assert token not in str(row)


def test_each_device_has_its_own_token_and_logs_out_alone(cast: Cast) -> None:
    first, second, third = (APIClient().post(TOKEN_URL, LOGIN).json()["token"] for _ in range(3))
    assert with_token(first).post("/api/auth/logout/").status_code == 204
    the_problem(with_token(first).get("/api/trips/"), 401)
    assert with_token(second).get("/api/trips/").status_code == 200
    assert with_token(second).post("/api/auth/logoutall/").status_code == 204
    for token in (second, third):
        the_problem(with_token(token).get("/api/trips/"), 401)


WRONG: dict[str, Any] = {
    "a wrong password": {**LOGIN, "password": "wrong"},
    "a stranger": {**LOGIN, "username": "nobody"},
    "no such letter": {**LOGIN, "username": "omår"},
}
BAD: dict[str, Any] = {
    "nothing": {},
    "no password": {"username": "omar"},
    "an empty password": {**LOGIN, "password": ""},
    "a list": [LOGIN],
    "null": None,
    "numbers": {"username": ["omar"], "password": 7},
    "an unknown field": {**LOGIN, "remember": True},
    "a long name": {**LOGIN, "username": "x" * 151},
    "a long password": {**LOGIN, "password": "x" * 1_025},
    "a NUL": {**LOGIN, "username": "omar\0"},
    "a NUL in the password": {**LOGIN, "password": "a\0"},
}


def test_a_wrong_login_is_401_and_says_no_more(cast: Cast, subtests: pytest.Subtests) -> None:
    answers = set()
    for name, body in WRONG.items():
        with subtests.test(name):
            answer = APIClient().post(TOKEN_URL, body)
            the_problem(answer, 401)
            assert answer.headers["WWW-Authenticate"] == "Token"
            answers.add(answer.content)
    assert len(answers) == 1


def test_a_bad_login_is_400(cast: Cast, subtests: pytest.Subtests, settings: Any) -> None:
    settings.RATE_LIMITS = False
    for name, body in BAD.items():
        with subtests.test(name):
            the_problem(APIClient().post(TOKEN_URL, body), 400)
    assert not AuthToken.objects.exists()


def test_a_disabled_account_cannot_log_in_and_its_tokens_end(cast: Cast, as_user: As) -> None:
    assert as_user(cast.omar).get("/api/trips/").status_code == 200
    cast.disable(cast.omar)
    the_problem(as_user(cast.omar).get("/api/trips/"), 401)
    the_problem(APIClient().post(TOKEN_URL, LOGIN), 401)


def test_an_expired_token_is_401(cast: Cast, as_user: As) -> None:
    client = as_user(cast.omar)
    AuthToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    answer = client.get("/api/trips/")
    the_problem(answer, 401)
    assert answer.headers["WWW-Authenticate"] == "Token"


def test_odd_credentials_are_401(cast: Cast, subtests: pytest.Subtests) -> None:
    for token in ("x", "x" * 64, "x" * 5_000, "a b", "..", "%00", "æøå" * 10):
        with subtests.test(token[:20]):
            the_problem(with_token(token).get("/api/trips/"), 401)
    the_problem(APIClient(headers={"Authorization": "Basic b21hcjpvbWFy"}).get("/api/trips/"), 401)


def test_a_browser_session_needs_the_csrf_token_to_write(cast: Cast) -> None:
    trip = cast.trip_in("requested")
    browser = APIClient(enforce_csrf_checks=True)
    assert browser.login(username="dina", password=PASSWORD)
    assert browser.get(f"/api/trips/{trip.pk}/").status_code == 200
    url, body = f"/api/trips/{trip.pk}/status/", {"action": "schedule"}
    the_problem(browser.post(url, body), 403)
    browser.get("/accounts/login/")
    token = browser.cookies["csrftoken"].value
    assert browser.post(url, body, headers={"X-CSRFToken": token}).status_code == 200


def test_guessing_is_slowed_down_per_user_and_address(cast: Cast, settings: Any) -> None:
    settings.LOGIN_RATE = "3/min"
    wrong = {**LOGIN, "password": "wrong"}
    for _ in range(3):
        the_problem(APIClient().post(TOKEN_URL, wrong), 401)
    answer = APIClient().post(TOKEN_URL, LOGIN)
    the_problem(answer, 429)
    assert 0 < int(answer.headers["Retry-After"]) <= 61
    assert APIClient().post(TOKEN_URL, {**LOGIN, "username": "dina"}).status_code == 200
    elsewhere = APIClient(REMOTE_ADDR="192.0.2.7")
    assert elsewhere.post(TOKEN_URL, LOGIN).status_code == 200


def test_the_limit_can_be_lifted_for_load_tests(cast: Cast, settings: Any) -> None:
    settings.LOGIN_RATE, settings.RATE_LIMITS = "1/min", False
    for _ in range(3):
        assert APIClient().post(TOKEN_URL, LOGIN).status_code == 200


def test_an_unknown_route_is_a_problem_too(cast: Cast, as_user: As) -> None:
    the_problem(as_user(cast.dina).get("/api/nowhere/"), 404)
    the_problem(APIClient().get("/api/nowhere/"), 404)
    the_problem(as_user(cast.dina).delete("/api/trips/"), 405)
