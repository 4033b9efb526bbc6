"""Passwords are kept well, and a new one - or a log-out - ends what an old one had opened."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings as conf
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken
from pytest_django import Settings
from rest_framework.test import APIClient

from config import limits
from tests.cast import PASSWORD, Cast
from users.models import User

pytestmark = pytest.mark.django_db

NEW = "another horse battery"
COOKIE = conf.SESSION_COOKIE_NAME


def browser_of(name: str) -> Client:
    """A browser in which somebody has logged in by the page."""
    browser = Client()
    answer = browser.post("/accounts/login/", {"username": name, "password": PASSWORD})
    assert answer.status_code == 302
    return browser


def is_in(browser: Client) -> bool:
    return browser.get("/api/preferences/").status_code == 200


def test_a_password_is_kept_as_argon2id_and_renewed_at_the_next_log_in(cast: Cast) -> None:
    assert cast.dina.password.startswith("pbkdf2_")
    browser_of("dina")
    cast.dina.refresh_from_db()
    assert cast.dina.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert cast.dina.check_password(PASSWORD)


def test_a_hash_made_anew_ends_no_token(cast: Cast) -> None:
    token = cast.headers(cast.omar)
    browser_of("omar")
    assert APIClient(headers=token).get("/api/trips/").status_code == 200


def test_a_new_password_ends_every_session_and_token_but_the_one_that_chose_it(cast: Cast) -> None:
    here, elsewhere = browser_of("dina"), browser_of("dina")
    token = cast.headers(cast.dina)
    assert is_in(here)
    assert is_in(elsewhere)
    answer = here.post(
        "/accounts/password_change/",
        {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW},
    )
    assert answer.status_code == 302
    assert is_in(here)
    assert not is_in(elsewhere)
    assert APIClient(headers=token).get("/api/trips/").status_code == 401
    assert not AuthToken.objects.filter(user=cast.dina).exists()


def test_an_administrator_who_sets_a_password_signs_its_person_out(cast: Cast) -> None:
    User.objects.filter(pk=cast.ada.pk).update(is_staff=True, is_superuser=True)
    browser, token = browser_of("omar"), cast.headers(cast.omar)
    choice = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    answer = browser_of("ada").post(f"/admin/users/user/{cast.omar.pk}/password/", choice)
    assert answer.status_code == 302
    assert not is_in(browser)
    assert APIClient(headers=token).get("/api/trips/").status_code == 401


def test_logging_in_makes_a_new_session_and_logging_out_ends_it(cast: Cast) -> None:
    browser = Client()
    # What a stranger may have planted before.
    browser.session["x"] = 1
    planted = browser.session.session_key or ""
    browser.cookies[COOKIE] = planted
    browser.post("/accounts/login/", {"username": "dina", "password": PASSWORD})
    begun = browser.cookies[COOKIE].value
    assert begun != planted
    assert is_in(browser)
    browser.post("/accounts/logout/")
    old = Client()
    for ended in (planted, begun):
        old.cookies[COOKIE] = str(ended)
        assert not is_in(old)


def test_a_session_ends_fourteen_hours_after_the_log_in_whatever_is_done(cast: Cast) -> None:
    browser = browser_of("dina")
    begun = browser.session.get_expiry_date()
    for path in ("/dispatch/", "/api/preferences/", "/dispatch/setup/"):
        assert COOKIE not in browser.get(path).cookies, path
    # Nothing was written, so nothing was put off.
    assert abs((browser.session.get_expiry_date() - begun).total_seconds()) < 60
    assert conf.SESSION_COOKIE_AGE == 14 * 3600


def test_cookies_are_for_servers_and_this_site_only(cast: Cast) -> None:
    cookie = browser_of("dina").cookies[COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert not cookie["domain"]


class TestTheAdmin:
    """For staff, and for those who are still there."""

    @pytest.fixture
    def ada(self, cast: Cast) -> Client:
        User.objects.filter(pk=cast.ada.pk).update(is_staff=True, is_superuser=True)
        return browser_of("ada")

    def leave_for(self, cast: Cast, minutes: int) -> None:
        """So long ago she signed in, and nothing has been seen of her since."""
        User.objects.filter(pk=cast.ada.pk).update(
            last_login=timezone.now() - timedelta(minutes=minutes)
        )

    def test_who_left_it_alone_signs_in_again_and_stays_in_elsewhere(
        self, cast: Cast, ada: Client
    ) -> None:
        self.leave_for(cast, 31)
        answer = ada.get("/admin/")
        assert (answer.status_code, answer["Location"]) == (302, "/admin/login/?next=/admin/")
        assert is_in(ada)
        form = {"username": "ada", "password": PASSWORD, "next": "/admin/"}
        assert ada.post("/admin/login/", form)["Location"] == "/admin/"
        assert ada.get("/admin/").status_code == 200

    def test_who_works_there_stays(self, cast: Cast, ada: Client) -> None:
        assert ada.get("/admin/").status_code == 200
        self.leave_for(cast, 600)
        assert ada.get("/admin/").status_code == 200
        limits.counters.forget(limits.key_of("admin-awake", ada.session.session_key or ""))
        assert ada.get("/admin/").status_code == 302

    def test_how_long_is_a_setting(self, cast: Cast, ada: Client, settings: Settings) -> None:
        settings.ADMIN_IDLE_MINUTES = 700
        self.leave_for(cast, 600)
        assert ada.get("/admin/").status_code == 200

    def test_its_addresses_hold_numbers_only(self, cast: Cast, ada: Client) -> None:
        page = ada.get("/admin/trips/patient/").content.decode()
        assert f"/admin/trips/patient/{cast.patient.pk}/change/" in page
        assert 'href="?q=' not in page
