"""A mail's row always tells the truth: sent, refused for good, to be tried again, or unknown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone
from pytest_django import Settings

from tests.cast import Cast
from tests.held_broker import HeldBroker
from tests.threads import at_once
from tests.users.mail_servers import MailServer, free_port
from users import mailer
from users.mailer import CLAIM_GOOD_FOR, GIVE_UP_AFTER
from users.models import Notification
from users.notifications import compose, mail

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_broker")]


@pytest.fixture
def row(cast: Cast) -> Notification:
    """Pia's welcome, queued."""
    assert mail(kind="welcome", key="user:1", user=cast.pia)
    return Notification.objects.get(channel="email")


def send(row: Notification) -> tuple[str, str]:
    """(state, error) after an attempt."""
    answer = mailer.send(row.pk, compose)
    row.refresh_from_db()
    assert answer == row.state
    return row.state, row.error


def later(row: Notification) -> float:
    """In how many seconds it is due."""
    return (row.due_at - timezone.now()).total_seconds()


def test_a_mail_that_the_server_takes_is_sent_once(
    row: Notification, mail_server: MailServer
) -> None:
    assert send(row) == ("sent", "")
    assert row.sent_at is not None
    [taken] = mail_server.taken
    assert taken["To"] == "pia@nordic.invalid"
    assert taken["Subject"] == "Welcome to Nordic Care Rides"
    assert mailer.send(row.pk, compose) == "nothing to do"
    assert len(mail_server.taken) == 1


@pytest.mark.parametrize(
    ("rcpt", "data", "state"),
    [
        ("550 no such user", "250 kept", "failed"),
        ("450 mailbox busy", "250 kept", "queued"),
        ("250 fine", "554 this is spam", "failed"),
        ("250 fine", "451 try later", "queued"),
    ],
)
def test_5xx_is_for_good_and_4xx_is_tried_again(
    row: Notification, mail_server: MailServer, rcpt: str, data: str, state: str
) -> None:
    mail_server.rcpt, mail_server.data = rcpt, data
    found, error = send(row)
    assert found == state
    assert (rcpt if rcpt != "250 fine" else data)[:3] in error
    assert row.sent_at is None
    if state == "queued":
        assert later(row) == pytest.approx(30, abs=5)
        mail_server.rcpt, mail_server.data = "250 fine", "250 kept"
        assert send(row) == ("sent", "")
        assert row.attempts == 2
    else:
        assert mailer.send(row.pk, compose) == "nothing to do"


def test_where_nobody_listens_it_stays_queued(row: Notification, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "users.channels.smtp.Backend"
    settings.EMAIL_PORT = free_port()
    assert send(row) == ("queued", "ConnectionRefusedError")
    assert row.attempts == 1


def test_a_line_that_is_cut_after_the_data_is_unknown_and_never_sent_again_blindly(
    row: Notification, mail_server: MailServer
) -> None:
    mail_server.cuts = True
    state, error = send(row)
    assert (state, error) == ("unknown", "SMTPServerDisconnected")
    assert len(mail_server.taken) == 1  # the server may well have kept it
    Notification.objects.update(due_at=timezone.now() - timedelta(days=1))
    assert mailer.sweep_mail() == 0
    assert mailer.send(row.pk, compose) == "nothing to do"


def test_what_a_dead_worker_had_claimed_becomes_unknown_when_its_time_is_up(
    row: Notification, mail_server: MailServer, held_broker: HeldBroker
) -> None:
    claimed = Notification.objects.filter(pk=row.pk)
    claimed.update(
        state="claimed", claimed_at=timezone.now() - CLAIM_GOOD_FOR / 2, due_at="2026-01-01T00:00Z"
    )
    assert mailer.sweep_mail() == 0
    row.refresh_from_db()
    assert row.state == "claimed"
    claimed.update(claimed_at=timezone.now() - CLAIM_GOOD_FOR - timedelta(seconds=1))
    assert mailer.sweep_mail() == 0
    row.refresh_from_db()
    assert (row.state, row.error) == ("unknown", "the worker died while sending")
    assert held_broker.take() == []
    assert mail_server.offered == 0


def test_each_pause_is_longer_up_to_half_an_hour_and_after_two_days_it_has_failed(
    row: Notification, mail_server: MailServer
) -> None:
    mail_server.rcpt = "450 mailbox busy"
    pauses = []
    for _ in range(9):
        assert send(row)[0] == "queued"
        pauses.append(round(later(row) / 30))
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    Notification.objects.update(created_at=timezone.now() - GIVE_UP_AFTER)
    assert send(row)[0] == "failed"
    assert mailer.send_again([row.pk]) == 1
    assert send(row)[0] == "queued"


def test_a_mail_that_cannot_be_put_into_words_is_tried_again_and_not_left_claimed(
    row: Notification, mail_server: MailServer
) -> None:
    def broken(row: Notification) -> EmailMultiAlternatives:
        raise RuntimeError("the PDF of Pia Ek failed")

    assert mailer.send(row.pk, broken) == "queued"
    row.refresh_from_db()
    assert row.error == "RuntimeError"
    assert send(row) == ("sent", "")


def test_a_mail_about_something_that_is_gone_has_failed(
    row: Notification, mail_server: MailServer
) -> None:
    def gone(row: Notification) -> EmailMultiAlternatives:
        raise Notification.DoesNotExist

    assert mailer.send(row.pk, gone) == "failed"
    assert mail_server.offered == 0


def test_neither_error_nor_log_names_the_address(
    row: Notification, mail_server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    mail_server.rcpt = "550 pia@nordic.invalid is no user here"
    _, error = send(row)
    assert "550" in error
    assert "pia" not in error + caplog.text


def test_the_sweeper_queues_what_is_due_once_and_nothing_else(
    row: Notification, cast: Cast, held_broker: HeldBroker
) -> None:
    assert mailer.sweep_mail() == 0  # the kick of its own commit comes first
    Notification.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert [mailer.sweep_mail(), mailer.sweep_mail()] == [1, 0]
    assert held_broker.take() == [("users.tasks.send_mail", (row.pk,))]
    for state in ("sent", "failed", "unknown"):
        Notification.objects.update(state=state, due_at=timezone.now() - timedelta(days=1))
        assert mailer.sweep_mail() == 0


@pytest.mark.django_db(transaction=True)
def test_eight_workers_with_the_same_mail_send_one(
    row: Notification, mail_server: MailServer
) -> None:
    work: Callable[[], str] = lambda: mailer.send(row.pk, compose)  # noqa: E731
    answers = at_once(work, 8)
    assert sorted(answers) == [*["nothing to do"] * 7, "sent"]
    assert len(mail_server.taken) == 1
