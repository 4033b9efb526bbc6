"""Guessing passwords, codes and links is slow, tells nothing, and locks nobody else out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.tokens import default_token_generator
from django.test import Client
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from pytest_django import Settings
from rest_framework.test import APIClient

from config import limits
from tests.api.problems import the_problem
from tests.cast import PASSWORD, Cast
from trips import confirmations
from users import guarded_login
from users.hashers import Argon2
from users.models import Notification, User

pytestmark = pytest.mark.django_db

TOKEN = "/api/auth/token/"
HOME, ABROAD = "198.51.100.1", "203.0.113.9"


def log_in(password: str, address: str = ABROAD, username: str = "omar") -> int:
    body = {"username": username, "password": password}
    return APIClient(REMOTE_ADDR=address).post(TOKEN, body).status_code


def test_each_failure_beyond_the_fifth_waits_longer() -> None:
    waits = [guarded_login.wait_after(n) for n in range(5, 40)]
    assert waits[:5] == [0, 2, 4, 8, 16]
    assert max(waits) == guarded_login.LONGEST_WAIT_S


@pytest.fixture
def _long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of which none is over before a busy machine has asked again."""
    monkeypatch.setattr(guarded_login, "FIRST_WAIT_S", 120)


@pytest.mark.usefixtures("_long_waits")
def test_who_has_failed_too_often_waits_though_the_password_is_right(
    cast: Cast, settings: Settings
) -> None:
    settings.LOGIN_RATE = "1000/min"
    assert [log_in("wrong") for _ in range(6)] == [401] * 6
    answer = APIClient(REMOTE_ADDR=ABROAD).post(TOKEN, {"username": "omar", "password": PASSWORD})
    the_problem(answer, 429)
    assert 1 <= int(answer.headers["Retry-After"]) <= 121


@pytest.mark.usefixtures("_long_waits")
def test_a_stranger_who_fails_locks_out_nobody_elsewhere(cast: Cast, settings: Settings) -> None:
    settings.LOGIN_RATE = "1000/min"
    for _ in range(8):
        log_in("wrong")
    assert log_in("wrong") == 429
    assert log_in(PASSWORD, HOME) == 200


def test_a_right_password_ends_the_count_of_failures(cast: Cast) -> None:
    for _ in range(2):
        assert [log_in("wrong") for _ in range(4)] == [401] * 4
        assert log_in(PASSWORD) == 200


def test_many_strangers_together_are_slowed_down_and_the_owners_address_is_not(
    cast: Cast, settings: Settings
) -> None:
    settings.LOGIN_STRANGERS_RATE = "5/hour"
    assert log_in(PASSWORD, HOME) == 200
    assert [log_in("wrong", f"203.0.113.{n}") for n in range(4)] == [401] * 4
    assert log_in(PASSWORD, "203.0.113.200") == 429
    assert log_in(PASSWORD, HOME) == 200


def test_who_chooses_a_new_password_gets_in_while_strangers_guess(
    cast: Cast, settings: Settings
) -> None:
    settings.LOGIN_STRANGERS_RATE = "1/hour"
    log_in("wrong")
    assert log_in(PASSWORD, HOME) == 429
    browser = Client(REMOTE_ADDR=HOME)
    uid = urlsafe_base64_encode(force_bytes(cast.omar.pk))
    page = browser.get(
        f"/accounts/reset/{uid}/{default_token_generator.make_token(cast.omar)}/", follow=True
    )
    new = "another horse battery"
    choice = {"new_password1": new, "new_password2": new}
    assert browser.post(page.request["PATH_INFO"], choice).status_code == 302
    assert log_in(new, HOME) == 200


def test_one_address_tries_few_names(cast: Cast, settings: Settings) -> None:
    settings.LOGIN_ADDRESS_RATE = "3/hour"
    codes = [log_in("wrong", username=f"name{n}") for n in range(4)]
    assert codes == [401, 401, 401, 429]


def test_an_invented_address_is_no_other_one(cast: Cast, settings: Settings) -> None:
    settings.LOGIN_RATE, settings.PROXIES = "2/hour", 1
    body = {"username": "omar", "password": "wrong"}
    codes = [
        APIClient(REMOTE_ADDR="10.0.0.1")
        .post(TOKEN, body, headers={"X-Forwarded-For": f"192.0.2.{n}, {ABROAD}"})
        .status_code
        for n in range(3)
    ]
    assert codes == [401, 401, 429]


@pytest.mark.parametrize(
    ("page", "setting"),
    [("/accounts/login/", "LOGIN_RATE"), ("/admin/login/", "ADMIN_LOGIN_RATE")],
)
def test_the_pages_are_behind_the_same_door(
    cast: Cast, settings: Settings, page: str, setting: str
) -> None:
    setattr(settings, setting, "2/hour")
    form = {"username": "ada", "password": "wrong"}
    assert [Client().post(page, form).status_code for _ in range(2)] == [200, 200]
    answer = Client().post(page, form | {"password": PASSWORD})
    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 3_600
    assert "wait" in answer.content.decode()


def test_known_and_unknown_and_disabled_accounts_cost_the_same_and_say_the_same(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    for user in (cast.omar, cast.eve):
        user.set_password(PASSWORD)
        user.save()
    cast.disable(cast.eve)
    User.objects.filter(pk=cast.pia.pk).update(password="!")
    hashed: list[str] = []
    for name in ("encode", "verify"):
        work = getattr(Argon2, name)

        def counted(*args: Any, work: Any = work) -> Any:
            hashed.append("once")
            return work(*args)

        monkeypatch.setattr(Argon2, name, counted)
    answers = {}
    for name in ("omar", "eve", "pia", "nobody"):
        hashed.clear()
        body = {"username": name, "password": "wrong"}
        answers[name] = (APIClient().post(TOKEN, body).content, len(hashed))
    assert len(set(answers.values())) == 1, answers
    assert answers["omar"][1] == 1


def test_a_program_of_our_own_is_not_counted(cast: Cast, settings: Settings) -> None:
    settings.LOGIN_RATE = "1/hour"
    assert [authenticate(username="omar", password=PASSWORD) for _ in range(3)] == [cast.omar] * 3


class TestForgottenPasswords:
    """`/accounts/password_reset/` says the same to everybody."""

    PAGE = "/accounts/password_reset/"

    def ask(self, email: str) -> Any:
        return Client().post(self.PAGE, {"email": email})

    def test_known_and_unknown_addresses_differ_in_nothing(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        slept: list[float] = []
        monkeypatch.setattr("users.reset_pages.time.sleep", slept.append)
        known, unknown = self.ask(cast.omar.email), self.ask("nobody@nordic.invalid")
        assert (known.status_code, known["Location"]) == (302, unknown["Location"])
        assert known.content == unknown.content
        assert len(slept) == 2
        assert all(0 <= left <= 0.3 for left in slept)
        assert Notification.objects.filter(kind="password_reset").count() == 1

    def test_one_address_asks_a_few_times_a_minute(self, cast: Cast, settings: Settings) -> None:
        settings.RESET_RATE = "2/hour"
        codes = [self.ask(f"nobody{n}@nordic.invalid").status_code for n in range(3)]
        assert codes == [302, 302, 429]
        assert Client().get(self.PAGE).status_code == 200


def test_codes_links_and_hooks_are_counted_by_address(cast: Cast, settings: Settings) -> None:
    settings.ENROL_RATE = settings.LINK_RATE = settings.HOOK_RATE = "2/hour"
    settings.MAIL_HOOK_SECRET = "a key"
    trip = cast.trip_in("scheduled")
    attempts: dict[str, Callable[[], Any]] = {
        "enrol": lambda: APIClient().post("/api/auth/enrol/", {"code": "x" * 32}),
        "hook": lambda: APIClient().post("/api/webhooks/mail/", {"events": []}),
        "link": lambda: Client().get(confirmations.url(trip.pk)),
    }
    for name, attempt in attempts.items():
        codes = [attempt().status_code for _ in range(3)]
        assert codes[2] == 429, name
        assert codes[0] == codes[1] != 429, name
        assert 1 <= int(attempt().headers["Retry-After"]) <= 3_601


def test_rates_can_be_lifted_for_load_tests(cast: Cast, settings: Settings) -> None:
    settings.RATE_LIMITS, settings.LOGIN_RATE = False, "1/hour"
    assert [log_in("wrong") for _ in range(8)] == [401] * 8
    limits.check("login", "1/hour", "omar")
