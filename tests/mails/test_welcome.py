"""A new account chooses its own password, by a link that works once."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.test import Client

from tests.cast import Cast
from users.mails import compose
from users.mails.accounts import password_link
from users.models import Notification, User
from users.tasks import send_welcome_email

pytestmark = pytest.mark.django_db
CHOSEN = "three plain blue boats"


def link_of(user: User) -> str:
    url = password_link(user)
    return url[url.index("/accounts/") :]


def choose(link: str, password: str = CHOSEN) -> str:
    """The page's text after choosing; the client follows as a browser does."""
    client = Client()
    page = client.get(link, follow=True)
    if page.redirect_chain:
        form = {"new_password1": password, "new_password2": password}
        page = client.post(page.redirect_chain[-1][0], form, follow=True)
    return page.content.decode()


def test_the_welcome_carries_a_link_and_no_password(cast: Cast) -> None:
    send_welcome_email.apply(args=(cast.eve.pk,), throw=True)
    mail = compose(Notification.objects.get(kind="welcome"))
    assert mail.subject == "Welcome to Nordic Care Rides"
    [link] = re.findall(r"http\S+/accounts/reset/\S+", str(mail.body))
    assert "Your password is saved" in choose(link[link.index("/accounts/") :])
    assert Client().login(username="eve", password=CHOSEN)
    assert "within 7 days" in mail.body


def test_the_link_works_once(cast: Cast) -> None:
    link = link_of(cast.eve)
    choose(link)
    assert "has been used" in choose(link)


def test_a_weak_password_is_refused_in_words(cast: Cast) -> None:
    assert "too common" in choose(link_of(cast.eve), "password")
    assert not Client().login(username="eve", password="password")


def test_the_link_ends_after_a_week(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    link = link_of(cast.eve)
    assert "Choose your password" in Client().get(link, follow=True).content.decode()
    later = datetime.now() + timedelta(days=8)
    monkeypatch.setattr(type(default_token_generator), "_now", lambda _: later)
    assert "has been used" in Client().get(link, follow=True).content.decode()


def test_another_persons_link_opens_nothing(cast: Cast) -> None:
    eves, omars = link_of(cast.eve), link_of(cast.omar)
    mixed = "/".join([*eves.split("/")[:3], eves.split("/")[3], omars.split("/")[4], ""])
    assert "has been used" in Client().get(mixed, follow=True).content.decode()
