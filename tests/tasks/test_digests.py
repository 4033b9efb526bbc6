"""The morning's digest and Monday's report: who gets one, when, once, with what in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from knox.models import AuthToken

from tests.cast import Cast
from trips.lifecycle import Action
from trips.models import Trip
from users import digests
from users.models import Notification, User
from users.tasks import delete_expired_tokens, send_daily_digest

STOCKHOLM = ZoneInfo("Europe/Stockholm")
#: 06:05 in Stockholm, 21:05 the day before in Los Angeles.
MORNING = datetime(2026, 11, 20, 5, 5, tzinfo=UTC)


def at(trip: Trip, moment: datetime) -> Trip:
    Trip.objects.filter(pk=trip.pk).update(scheduled_at=moment)
    return trip


def noon() -> datetime:
    return timezone.now().astimezone(STOCKHOLM).replace(hour=12, minute=0, second=0)


def digest(user: User) -> tuple[str, str]:
    send_daily_digest.apply(args=(user.pk,), throw=True)
    row = Notification.objects.get(kind=digests.DAILY, user=user)
    mail = digests.compose_digest(row)
    return str(mail.subject), str(mail.body)


def test_dispatchers_and_drivers_get_theirs_at_their_own_six(cast: Cast) -> None:
    User.objects.filter(pk=cast.omar.pk).update(time_zone="America/Los_Angeles")
    assert digests.due(MORNING) == sorted([cast.dina.pk, cast.eve.pk])
    assert digests.due(MORNING + timedelta(hours=9)) == [cast.omar.pk]


def test_nobody_is_woken_before_six(cast: Cast) -> None:
    assert digests.due(MORNING - timedelta(minutes=6)) == []


def test_a_morning_without_a_beat_is_caught_up_with(cast: Cast) -> None:
    assert cast.dina.pk in digests.due(MORNING + timedelta(hours=3))


def test_who_has_one_is_not_due_again(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("users.digests.timezone.now", lambda: MORNING)
    for _ in range(2):
        send_daily_digest.apply(args=(cast.dina.pk,), throw=True)
    assert Notification.objects.filter(kind=digests.DAILY).count() == 1
    assert digests.due(MORNING) == sorted([cast.omar.pk, cast.eve.pk])
    assert cast.dina.pk in digests.due(MORNING + timedelta(days=1))


def test_an_unknown_time_zone_is_the_companys(cast: Cast) -> None:
    User.objects.filter(pk=cast.dina.pk).update(time_zone="Mars/Olympus")
    assert cast.dina.pk in digests.due(MORNING)


def test_dina_reads_what_is_late_and_what_has_no_driver(cast: Cast) -> None:
    late = at(cast.trip_in("assigned"), timezone.now() - timedelta(hours=1))
    open_ = at(cast.trip_in("scheduled"), noon())
    done = at(cast.trip_in("completed"), noon())
    tomorrow = at(cast.trip_in("scheduled"), noon() + timedelta(days=1))
    if late.scheduled_at and timezone.now().astimezone(STOCKHOLM).hour == 0:
        pytest.skip("an hour ago was yesterday")
    _, body = digest(cast.dina)
    late_now = body.partition("\nLate now:\n")[2].partition("\n\n")[0]
    assert f"{late.pk} · Ambulatory" in late_now
    assert "Without a driver: 1\n" in body
    without = body.partition("\nWithout a driver:\n")[2].partition("\n\n")[0]
    assert without == f"12:00 p.m.  {open_.pk} · Ambulatory  no driver"
    assert f"12:00 p.m.  {done.pk} · Ambulatory  completed" in body
    assert f"{tomorrow.pk} ·" not in body


def test_omar_reads_his_own_day_only(cast: Cast) -> None:
    mine = at(cast.trip_in("assigned"), noon())
    eves = at(cast.give_to_eve(cast.trip_in("assigned")), noon())
    _, body = digest(cast.omar)
    assert "At 12:00 p.m. you have your only trip of today." in body
    assert f"12:00 p.m.  {mine.pk} · " in body
    assert f"{eves.pk} ·" not in body
    assert "Without a driver" not in body


def test_no_patient_is_named(cast: Cast) -> None:
    at(cast.trip_in("assigned"), noon())
    for text in (*digest(cast.dina), *digest(cast.omar)):
        assert "Pia" not in text
        assert "Götgatan" not in text


def test_the_week_is_reported_once_to_administrators(cast: Cast) -> None:
    monday = datetime(2026, 11, 16, 9, tzinfo=UTC)
    trip = at(cast.trip_in("completed"), monday - timedelta(days=3))
    Trip.objects.filter(pk=trip.pk).update(arrived_pickup_at=monday - timedelta(days=2))
    at(cast.trip_in("scheduled"), monday)
    assert digests.queue_weekly_reports(monday) == 1
    assert digests.queue_weekly_reports(monday + timedelta(days=6)) == 0
    row = Notification.objects.get(kind=digests.WEEKLY)
    assert row.user == cast.ada
    mail = digests.compose_report(row)
    body = str(mail.body)
    assert "The week of November 9, 2026" in body
    assert "Trips: 1\nCompleted: 1\nPicked up on time: 0%" in body
    assert "Fri: 1 trip, 1 completed;" in body
    [chart] = [part for part in mail.message().walk() if part.get_content_type() == "image/png"]
    assert chart["Content-ID"] == "<week>"
    assert chart["Content-Disposition"].startswith("inline")
    assert bytes(chart.get_payload(decode=True)).startswith(b"\x89PNG")
    assert "cid:week" in str(mail.alternatives[0][0])


def test_the_mail_goes_out_in_these_words(cast: Cast, mailoutbox: list[object]) -> None:
    from users.tasks import send_mail

    cast.tap(cast.trip_in("scheduled"), Action.CANCEL, reason="no")
    send_daily_digest.apply(args=(cast.dina.pk,), throw=True)
    row = Notification.objects.get(kind=digests.DAILY)
    assert send_mail.apply(args=(row.pk,), throw=True).result == Notification.State.SENT
    assert [mail.subject for mail in mailoutbox] == ["Your day at Nordic Care Rides"]  # type: ignore[attr-defined]


def test_expired_tokens_go_and_others_stay(cast: Cast) -> None:
    cast.token(cast.dina)
    cast.token(cast.omar)
    AuthToken.objects.filter(user=cast.omar).update(expiry=timezone.now() - timedelta(minutes=1))
    assert delete_expired_tokens.apply(throw=True).result == (
        "1 expired tokens deleted, 0 of idle accounts"
    )
    assert AuthToken.objects.get().user == cast.dina
