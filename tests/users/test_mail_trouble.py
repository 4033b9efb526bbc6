"""A mail server in trouble: what became of each message is visible and right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from tests.cast import Cast, person
from tests.held_broker import HeldBroker
from tests.threads import at_once
from tests.users.mail_servers import MailServer, free_port
from trips.models import Patient
from users import mailer
from users.channels import smtp
from users.models import Notification
from users.notifications import compose, mail
from users.roles import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_broker")]


@pytest.fixture(autouse=True)
def _no_server_rests() -> Iterator[None]:
    """Each test begins with servers that nobody has tried."""
    smtp.forget()
    yield
    smtp.forget()


@pytest.fixture
def row(cast: Cast) -> Notification:
    """Pia's welcome, queued."""
    assert mail(kind="welcome", key="user:1", user=cast.pia)
    return Notification.objects.get(channel="email")


def send(row: Notification) -> tuple[str, str]:
    """(state, error) after an attempt."""
    mailer.send(row.pk, compose)
    row.refresh_from_db()
    return row.state, row.error


def due(row: Notification) -> None:
    Notification.objects.filter(pk=row.pk).update(due_at=timezone.now())


def test_a_server_that_falls_silent_before_it_has_the_mail_is_tried_again(
    row: Notification, mail_server: MailServer, settings: Settings
) -> None:
    settings.EMAIL_TIMEOUT = 0.2
    mail_server.hangs = "RCPT"
    assert send(row) == ("queued", "SMTPServerDisconnected")
    mail_server.hangs, settings.EMAIL_TIMEOUT = "", 5
    assert send(row) == ("sent", "")
    assert len(mail_server.taken) == 1


def test_one_that_falls_silent_after_the_mail_leaves_it_unknown(
    row: Notification, mail_server: MailServer, settings: Settings
) -> None:
    settings.EMAIL_TIMEOUT = 0.2
    mail_server.hangs = "DATA"
    state, error = send(row)
    assert state == "unknown"
    assert error in ("TimeoutError", "SMTPServerDisconnected")
    assert len(mail_server.taken) == 1
    assert mailer.send(row.pk, compose) == "nothing to do"


def test_a_server_that_is_away_is_asked_once_and_then_left_alone(
    row: Notification, cast: Cast, settings: Settings
) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_PORT = "users.channels.smtp.Backend", free_port()
    mail(kind="welcome", key="user:2", user=cast.omar)
    other = Notification.objects.latest("pk")
    assert send(row) == ("queued", "ConnectionRefusedError")
    assert send(other) == ("queued", smtp.AWAY)
    assert (row.attempts, other.attempts) == (1, 0)


def test_an_hour_without_a_mail_server_loses_and_doubles_nothing(
    cast: Cast,
    held_broker: HeldBroker,
    mail_server: MailServer,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.EMAIL_PORT = free_port()
    monkeypatch.setattr(smtp, "REST_S", 0.0)
    people = [person(f"p{n}", Role.PATIENT) for n in range(6)]
    for user in people:
        mail(kind="welcome", key=f"user:{user.pk}", user=user)
    clock = timezone.now()
    for minute in range(0, 62, 2):
        monkeypatch.setattr(timezone, "now", lambda at=clock + timedelta(minutes=minute): at)
        if minute == 60:
            settings.EMAIL_PORT = mail_server.port
        mailer.sweep_mail()
        held_broker.deliver(times=2)
    monkeypatch.setattr(timezone, "now", lambda: clock + timedelta(minutes=95))
    mailer.sweep_mail()
    held_broker.deliver(times=2)
    assert set(Notification.objects.values_list("state", flat=True)) == {"sent"}
    to = sorted(str(taken["To"]) for taken in mail_server.taken)
    assert to == sorted(user.email for user in people)


def test_where_only_the_copy_is_refused_the_mail_is_sent_and_the_row_says_so(
    cast: Cast, mail_server: MailServer
) -> None:
    Patient.objects.update(caregiver_email="care@home.invalid")
    trip = cast.trip_in("scheduled")
    mail(kind="booked", key="event:1", user=cast.pia, trip_id=trip.pk)
    mail_server.refuses = frozenset({"care@home.invalid"})
    assert send(Notification.objects.get()) == ("sent", "copy refused {550}")
    assert len(mail_server.taken) == 1


def test_where_the_reader_is_refused_the_copy_is_not_sent_either(
    cast: Cast, mail_server: MailServer
) -> None:
    Patient.objects.update(caregiver_email="care@home.invalid")
    trip = cast.trip_in("scheduled")
    mail(kind="booked", key="event:1", user=cast.pia, trip_id=trip.pk)
    mail_server.refuses = frozenset({"pia@nordic.invalid"})
    assert send(Notification.objects.get()) == ("failed", "refused {550}")
    assert mail_server.taken == []


def test_one_refused_address_stops_nobody_elses_mail(cast: Cast, mail_server: MailServer) -> None:
    for user in (cast.omar, cast.pia, cast.eve):
        mail(kind="welcome", key=f"user:{user.pk}", user=user)
    mail_server.refuses = frozenset({cast.pia.email})
    for row in Notification.objects.order_by("pk"):
        send(row)
    found = dict(Notification.objects.values_list("user__username", "state"))
    assert found == {"omar": "sent", "pia": "failed", "eve": "sent"}


@pytest.mark.django_db(transaction=True)
def test_the_servers_limit_holds_for_all_workers_together(
    cast: Cast, mail_server: MailServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MAILS_PER_MINUTE = 5
    for n in range(8):
        mail(kind="welcome", key=f"user:{n}", user=cast.pia)
    waiting = iter(list(Notification.objects.values_list("pk", flat=True)))
    answers = at_once(lambda: mailer.send(next(waiting), compose), 8)
    assert answers.count("sent") == 5
    held = Notification.objects.filter(state="queued")
    assert held.count() == 3
    seconds = [(row.due_at - timezone.now()).total_seconds() for row in held]
    assert all(50 < wait <= 60 for wait in seconds)
    assert not held.exclude(attempts=0).exists()
    later = timezone.now() + timedelta(seconds=61)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert mailer.sweep_mail() == 3
    for row in held.all():
        assert mailer.send(row.pk, compose) == "sent"
    assert len(mail_server.taken) == 8


def test_an_address_that_no_mail_can_carry_has_failed(cast: Cast, mail_server: MailServer) -> None:
    mail(kind="welcome", key="user:1", address="pia@home.invalid\nBcc: eve@home.invalid")
    state, _ = send(Notification.objects.get())
    assert state == "failed"
    assert mail_server.offered == 0
