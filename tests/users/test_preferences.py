"""What people want to hear: chosen, refused by one click, capped, and kept from their nights."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tests.api.conftest import As, as_user
from tests.api.problems import the_problem
from tests.cast import Cast
from tests.users.mail_servers import MailServer
from trips.models import Patient
from users.models import Notification, Preference, User
from users.notifications import compose, mail
from users.quiet import after_quiet
from users.tasks import send_mail

__all__ = ["as_user"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_broker")]

URL = "/api/preferences/"
NIGHT = (time(21), time(7))


def queued(cast: Cast, kind: str = "completed", key: str = "event:1", **who: Any) -> Notification:
    """A mail about a trip of Pia's."""
    trip = cast.trip_in("scheduled")
    assert mail(kind=kind, key=key, trip_id=trip.pk, **(who or {"user": cast.pia}))
    return Notification.objects.latest("pk")


# --- the API


def test_pia_sees_her_choices_and_changes_one(cast: Cast, as_user: As) -> None:
    pia = as_user(cast.pia)
    kinds = pia.get(URL).json()["kinds"]
    assert kinds["reminder"] == {"email": True}
    assert "welcome" not in kinds
    answer = pia.put(URL, {"kinds": {"reminder": {"email": False}}, "time_zone": "Europe/Madrid"})
    assert answer.status_code == 200
    shown = pia.get(URL).json()
    assert shown == answer.json()
    assert shown["kinds"]["reminder"] == {"email": False}
    assert shown["kinds"]["completed"] == {"email": True}
    assert shown["time_zone"] == "Europe/Madrid"
    assert queued(cast, "reminder").error == "not wanted"
    assert queued(cast, "completed", "event:2").state == "queued"


NONSENSE: tuple[Any, ...] = (
    {"kinds": {"welcome": {"email": False}}},
    {"kinds": {"invoice": {"email": False}}},
    {"kinds": {"reminder": {"in_app": False}}},
    {"kinds": {"reminder": {"sms": True}}},  # there is no such service here
    {"kinds": {"nonsense": {"email": False}}},
    {"kinds": {"reminder": {"email": "perhaps"}}},
    {"kinds": {"reminder": False}},
    {"kinds": []},
    {"quiet_from": "22:00"},
    {"quiet_from": "22:00", "quiet_until": None},
    {"quiet_from": "25:00", "quiet_until": "07:00"},
    {"time_zone": "Mars/Olympus"},
    {"push_target": "a b\nc"},
    {"role": "admin"},
    [1],
)


def test_what_makes_no_sense_is_refused_and_changes_nothing(cast: Cast, as_user: As) -> None:
    pia = as_user(cast.pia)
    before = pia.get(URL).json()
    for body in NONSENSE:
        the_problem(pia.put(URL, body), 400)
    assert pia.get(URL).json() == before
    assert not Preference.objects.exists()


def test_a_wrong_choice_beside_a_right_one_keeps_neither(cast: Cast, as_user: As) -> None:
    body = {"kinds": {"reminder": {"email": False}, "welcome": {"email": False}}}
    the_problem(as_user(cast.pia).put(URL, body), 400)
    assert not Preference.objects.exists()


def test_who_is_nobody_has_no_preferences(db: None) -> None:
    the_problem(Client().get(URL), 401)


# --- unsubscribing


def link_of(row: Notification) -> tuple[str, Any]:
    """(path of the link in the mail's header, the mail)."""
    message = compose(row).message()
    found = re.fullmatch(r"<(https?://[^/>]+)(/[^>]+)>", message["List-Unsubscribe"])
    assert found
    return found[2], message


def test_one_click_unsubscribes_from_this_kind_and_from_nothing_else(cast: Cast) -> None:
    row = queued(cast)
    path, message = link_of(row)
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    client = Client(enforce_csrf_checks=True)
    body = "List-Unsubscribe=One-Click"
    for _ in range(2):
        answer = client.post(path, body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 200
    assert send_mail(row.pk) == "skipped"
    row.refresh_from_db()
    assert row.error == "not wanted"
    assert queued(cast, "completed", "event:2").state == "skipped"
    assert queued(cast, "reminder", "event:3").state == "queued"
    assert queued(cast, "completed", "event:4", user=cast.omar).state == "queued"


def test_looking_at_the_link_changes_nothing(cast: Cast) -> None:
    path, _ = link_of(queued(cast))
    page = Client().get(path)
    assert page.status_code == 200
    assert '<form method="post"' in page.content.decode()
    assert page["Referrer-Policy"] == "no-referrer"
    assert "pia@" not in page.content.decode()
    assert not Preference.objects.exists()


def test_all_that_is_optional_can_be_stopped_and_one_kind_wanted_back(
    cast: Cast, as_user: As
) -> None:
    path, _ = link_of(queued(cast))
    Client().post(path, {"all": "1"})
    for n, kind in enumerate(("completed", "reminder", "on_the_way")):
        assert queued(cast, kind, f"event:{n + 2}").state == "skipped"
    assert queued(cast, "trip_cancelled", "event:9").state == "queued"
    kinds = {"reminder": {"email": True}}
    shown = as_user(cast.pia).put(URL, {"kinds": kinds}).json()["kinds"]
    assert [name for name, by in shown.items() if by.get("email")] == ["reminder"]
    assert queued(cast, "reminder", "event:10").state == "queued"


def test_an_address_without_account_unsubscribes_for_itself(cast: Cast) -> None:
    Patient.objects.update(user=None)
    path, _ = link_of(queued(cast, address="pia@home.invalid"))
    Client().post(path)
    assert queued(cast, "completed", "event:2", address="pia@home.invalid").state == "skipped"
    assert queued(cast, "completed", "event:2", address="other@home.invalid").state == "queued"


@pytest.mark.parametrize("kind", ["welcome", "trip_cancelled", "booked"])
def test_what_people_must_know_has_no_such_link(cast: Cast, kind: str) -> None:
    assert compose(queued(cast, kind)).message()["List-Unsubscribe"] is None


@pytest.mark.parametrize("signed", ["x", "MQ:1vN:abc", "../x", "%00"])
def test_a_forged_link_is_absent(db: None, signed: str) -> None:
    for answer in (Client().get, Client().post):
        assert answer(f"/unsubscribe/{signed}/").status_code == 404
    assert not Preference.objects.exists()


# --- the daily cap


def test_no_more_optional_messages_a_day_than_the_cap_and_necessary_ones_still(
    cast: Cast, settings: Settings
) -> None:
    settings.DAILY_CAP = 3
    states = [queued(cast, "completed", f"event:{n}").state for n in range(5)]
    assert states == ["queued"] * 3 + ["skipped"] * 2
    assert Notification.objects.latest("pk").error == "daily cap"
    assert queued(cast, "trip_cancelled").state == "queued"
    assert queued(cast, "completed", "event:9", user=cast.omar).state == "queued"
    day_ago = timezone.now() - timedelta(hours=25)
    Notification.objects.filter(user=cast.pia).update(created_at=day_ago)
    assert queued(cast, "completed", "event:10").state == "queued"


# --- quiet hours


@pytest.mark.parametrize(
    ("zone", "now", "until"),
    [
        # Stockholm, winter: UTC+1.
        ("Europe/Stockholm", "2026-01-10T19:59:59Z", "2026-01-10T19:59:59Z"),
        ("Europe/Stockholm", "2026-01-10T20:00:00Z", "2026-01-11T06:00:00Z"),
        ("Europe/Stockholm", "2026-01-11T00:30:00Z", "2026-01-11T06:00:00Z"),
        ("Europe/Stockholm", "2026-01-11T06:00:00Z", "2026-01-11T06:00:00Z"),
        # The night in which clocks go forward is an hour shorter: seven is 05:00 UTC then.
        ("Europe/Stockholm", "2026-03-28T20:30:00Z", "2026-03-29T05:00:00Z"),
        # And an hour longer in autumn.
        ("Europe/Stockholm", "2026-10-24T19:30:00Z", "2026-10-25T06:00:00Z"),
        # Where it is day meanwhile, nothing waits.
        ("America/Los_Angeles", "2026-01-10T20:30:00Z", "2026-01-10T20:30:00Z"),
    ],
)
def test_quiet_hours_over_midnight_and_changes_of_clocks(zone: str, now: str, until: str) -> None:
    found = after_quiet(datetime.fromisoformat(now), ZoneInfo(zone), NIGHT)
    assert found == datetime.fromisoformat(until)


def test_an_end_that_comes_twice_or_never_is_not_in_the_past() -> None:
    stockholm = ZoneInfo("Europe/Stockholm")
    for end in (time(2, 30), time(3)):
        for hour in range(18, 30):
            for day in (datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC)):
                now = day + timedelta(hours=hour, minutes=10)
                until = after_quiet(now, stockholm, (time(21), end))
                assert now <= until <= now + timedelta(hours=10)


def test_quiet_hours_within_a_day_and_none_at_all() -> None:
    now = datetime(2026, 1, 10, 13, 30, tzinfo=UTC)
    assert after_quiet(now, UTC, (time(13), time(15))) == now.replace(hour=15, minute=0)
    assert after_quiet(now, UTC, (time(15), time(13))) == now
    assert after_quiet(now, UTC, (time(13), time(13))) == now
    assert after_quiet(now, UTC, None) == now


def at(monkeypatch: pytest.MonkeyPatch, text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    monkeypatch.setattr(timezone, "now", lambda: moment)
    return moment


def test_what_can_wait_is_sent_when_pia_is_up_and_what_cannot_at_once(
    cast: Cast, settings: Settings, monkeypatch: pytest.MonkeyPatch, mail_server: MailServer
) -> None:
    settings.QUIET_HOURS = NIGHT
    User.objects.filter(pk=cast.pia.pk).update(time_zone="America/New_York")
    cast.pia.refresh_from_db()
    now = at(monkeypatch, "2026-11-21T04:00:00Z")  # 23:00 in New York
    assert queued(cast, "completed").due_at == datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert queued(cast, "trip_cancelled").due_at < now + timedelta(minutes=1)


def test_a_persons_own_quiet_hours_go_before_the_usual(
    cast: Cast, as_user: As, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.QUIET_HOURS = NIGHT
    body = {"quiet_from": "12:00", "quiet_until": "13:00", "time_zone": "UTC"}
    assert as_user(cast.pia).put(URL, body).status_code == 200
    cast.pia.refresh_from_db()
    at(monkeypatch, "2026-11-21T12:30:00Z")
    assert queued(cast, "completed").due_at == datetime(2026, 11, 21, 13, tzinfo=UTC)
    now = at(monkeypatch, "2026-11-21T23:00:00Z")
    assert queued(cast, "completed", "event:2").due_at < now + timedelta(minutes=1)
