"""`manage.py setup`: from nothing to a company; `send_test_mail`: whether mail leaves."""

from __future__ import annotations

import io

import pytest
from django.conf import LazySettings
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command

from devtools.instance import free_port
from tests.cast import Cast
from tests.fixtures_processes import Mailbox
from trips.management.commands import setup
from trips.models import Company, Trip, Vehicle
from trips.tracking.retention import DAYS_AHEAD, days_ahead
from users.models import User

pytestmark = pytest.mark.django_db

ALL = [
    "--company=Nordic Care Rides", "--time-zone=Europe/Oslo", "--currency=NOK",
    "--address=Station Road 1", "--phone=+47 1", "--email=office@nordic.invalid",
    "--admin=ada", "--admin-email=ada@nordic.invalid",
]  # fmt: skip


def run(*words: str) -> str:
    """What it prints."""
    out = io.StringIO()
    call_command("setup", *words, stdout=out, stderr=out)
    return out.getvalue()


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines that a person types, passwords too, in order."""
    lines: list[str] = []
    monkeypatch.setattr("builtins.input", lambda question: lines.pop(0))
    monkeypatch.setattr(setup, "getpass", lambda question: lines.pop(0))
    return lines


def test_options_alone_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATW_ADMIN_PASSWORD", "correct horse battery")
    run("--no-input", *ALL)
    company = Company.objects.get()
    assert (company.name, company.time_zone, company.currency) == (
        "Nordic Care Rides", "Europe/Oslo", "NOK",
    )  # fmt: skip
    ada = authenticate(username="ada", password="correct horse battery")
    assert isinstance(ada, User)
    assert (ada.role, ada.is_staff, ada.email) == ("admin", True, "ada@nordic.invalid")
    assert not Trip.objects.exists()
    # Else `/readyz` would warn until the clock's next hour.
    assert days_ahead() > DAYS_AHEAD


def test_a_password_that_nobody_chose_is_shown_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ATW_ADMIN_PASSWORD", raising=False)
    shown = run("--no-input", *ALL).partition("password ")[2].partition(" ")[0]
    assert authenticate(username="ada", password=shown)
    assert "password" not in run("--no-input", *ALL)


def test_a_second_run_changes_what_it_is_told_and_keeps_the_rest() -> None:
    run("--no-input", *ALL)
    password = User.objects.get().password
    run("--no-input", "--currency=EUR")
    company = Company.objects.get()
    assert (company.name, company.currency) == ("Nordic Care Rides", "EUR")
    assert User.objects.get().password == password


def test_it_asks_for_what_no_option_says(typed: list[str]) -> None:
    typed += ["Nordic Care Rides", "Mars/Olympus", "Europe/Oslo", "kroner", "NOK", "", "", ""]
    typed += ["", "ada@nordic.invalid", "correct horse battery", "correct horse battery", "n"]
    text = run()
    assert "There is no time zone 'Mars/Olympus'." in text
    assert (Company.objects.get().time_zone, Company.objects.get().currency) == (
        "Europe/Oslo", "NOK",
    )  # fmt: skip
    assert authenticate(username="admin", password="correct horse battery")
    assert typed == []


def test_enter_keeps_what_is_known(typed: list[str]) -> None:
    run("--no-input", *ALL)
    before = Company.objects.values().get()
    typed += [""] * 6 + ["no"]
    run()
    assert Company.objects.values().get() == before


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--admin=ada"], "a company needs a name"),
        (["--company=Nordic"], "there is no administrator yet"),
        (["--company=Nordic", "--admin=ada", "--time-zone=Mars/Olympus"], "no time zone"),
        (["--company=Nordic", "--admin=ada", "--time-zone=../../etc/passwd"], "no time zone"),
        (["--company=Nordic", "--admin=ada", "--currency=usd"], "Three capital letters"),
        (["--company=Nordic", "--admin=ada", "--email=nobody"], "valid email"),
    ],
)
def test_what_is_missing_or_wrong_is_named_and_nothing_is_kept(
    words: list[str], complaint: str
) -> None:
    with pytest.raises(CommandError, match=complaint):
        run("--no-input", *words)
    assert not Company.objects.exists()
    assert not User.objects.exists()


def test_a_weak_password_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATW_ADMIN_PASSWORD", "12345678")
    with pytest.raises(CommandError, match="entirely numeric"):
        run("--no-input", *ALL)
    assert not User.objects.exists()


def test_two_different_passwords_are_refused(typed: list[str]) -> None:
    typed += ["correct horse battery", "correct horse batery"]
    with pytest.raises(CommandError, match="differ"):
        run(*ALL)
    assert not User.objects.exists()


def test_dina_does_not_become_an_administrator(cast: Cast) -> None:
    with pytest.raises(CommandError, match="is no administrator"):
        run("--no-input", "--admin=dina", "--currency=EUR")
    assert Company.objects.get().currency == "USD"


def test_demo_data_comes_when_asked_for_and_not_in_production(settings: LazySettings) -> None:
    run("--no-input", *ALL, "--demo")
    assert Company.objects.get().name == "Nordic Care Rides"
    vehicles = Vehicle.objects.count()
    assert vehicles
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="refused in production"):
        run("--no-input", "--demo")
    assert Vehicle.objects.count() == vehicles


def test_a_test_mail_arrives(smtp_sink: Mailbox) -> None:
    out = io.StringIO()
    call_command("send_test_mail", "pia@home.invalid", stdout=out)
    [mail] = smtp_sink.wait_for(1)
    assert (mail["To"], mail["Subject"]) == ("pia@home.invalid", "Test mail")
    assert "took the mail for pia@home.invalid" in out.getvalue()


def test_why_a_test_mail_does_not_leave(smtp_sink: Mailbox, settings: LazySettings) -> None:
    with pytest.raises(CommandError, match="nobody is no mail address"):
        call_command("send_test_mail", "nobody")
    settings.EMAIL_PORT = free_port()
    with pytest.raises(CommandError, match=f"127.0.0.1:{settings.EMAIL_PORT}: ConnectionRefused"):
        call_command("send_test_mail", "pia@home.invalid")
    assert smtp_sink.messages == []
