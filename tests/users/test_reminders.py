"""What the clock sets off: tomorrow's trips in the patient's own day, and each step of a delay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from tests.cast import Cast
from tests.users.mail_servers import MailServer
from trips.models import Company, Patient, Trip, TripEta
from users.models import Notification
from users.reminders import send_reminders, tell_delays
from users.tasks import send_mail

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_broker")]

#: 16:30 in Stockholm.
AFTERNOON = datetime(2030, 1, 9, 15, 30, tzinfo=UTC)


def mails(kind: str) -> list[str]:
    rows = Notification.objects.filter(kind=kind, channel="email").order_by("pk")
    return list(rows.values_list("key", flat=True))


def at(trip: Trip, moment: datetime) -> Trip:
    Trip.objects.filter(pk=trip.pk).update(scheduled_at=moment)
    return trip


def test_tomorrows_trips_are_reminded_of_once_and_other_days_are_not(cast: Cast) -> None:
    noon = AFTERNOON.replace(hour=11, minute=0)
    days = [at(cast.trip_in("scheduled"), noon + timedelta(days=n)) for n in range(4)]
    assert send_reminders(AFTERNOON) == 1
    send_reminders(AFTERNOON + timedelta(minutes=30))
    assert mails("reminder") == [f"reminder:{days[1].pk}:2030-01-10"]
    assert send_reminders(AFTERNOON + timedelta(days=1)) == 1
    assert len(mails("reminder")) == 2


def test_tomorrow_and_the_hour_are_the_patients_own(cast: Cast) -> None:
    Patient.objects.update(time_zone="America/Los_Angeles", user=None)
    # The 10th at 23:30 there, the 11th already in Stockholm.
    trip = at(cast.trip_in("scheduled"), datetime(2030, 1, 11, 7, 30, tzinfo=UTC))
    assert send_reminders(AFTERNOON) == 0  # 07:30 there
    assert send_reminders(AFTERNOON + timedelta(hours=9)) == 1
    assert mails("reminder") == [f"reminder:{trip.pk}:2030-01-10"]


def test_before_its_hour_and_late_at_night_nobody_is_reminded(
    cast: Cast, settings: Settings
) -> None:
    at(cast.trip_in("scheduled"), AFTERNOON + timedelta(hours=20))
    assert send_reminders(AFTERNOON - timedelta(hours=1)) == 0
    assert send_reminders(AFTERNOON + timedelta(hours=5)) == 0
    settings.REMINDER_HOUR = 9
    assert send_reminders(AFTERNOON - timedelta(hours=1)) == 1


def test_a_trip_that_moves_to_another_day_is_reminded_of_again(cast: Cast) -> None:
    trip = at(cast.trip_in("scheduled"), AFTERNOON + timedelta(hours=20))
    send_reminders(AFTERNOON)
    at(trip, AFTERNOON + timedelta(hours=44))
    send_reminders(AFTERNOON + timedelta(days=1))
    assert mails("reminder") == [f"reminder:{trip.pk}:2030-01-{day}" for day in (10, 11)]


def test_a_reminder_of_a_trip_that_was_cancelled_meanwhile_is_not_sent(
    cast: Cast, mail_server: MailServer
) -> None:
    trip = at(cast.trip_in("scheduled"), AFTERNOON + timedelta(hours=20))
    send_reminders(AFTERNOON)
    cast.tap(trip, "cancel", reason="moved away")
    row = Notification.objects.get(kind="reminder", channel="email")
    assert send_mail(row.pk) == "skipped"
    row.refresh_from_db()
    assert row.error == "overtaken"


def test_a_patients_zone_that_nobody_knows_is_the_companys(cast: Cast) -> None:
    Patient.objects.update(time_zone="Mars/Olympus", user=None)
    Company.objects.update(time_zone="Europe/Stockholm")
    at(cast.trip_in("scheduled"), AFTERNOON + timedelta(hours=20))
    assert send_reminders(AFTERNOON) == 1


def late(trip: Trip, minutes: int, risk: str = "late") -> None:
    now = timezone.now()
    TripEta.objects.update_or_create(
        trip=trip,
        defaults={"eta": now, "lateness_s": minutes * 60, "risk": risk, "updated_at": now},
    )


def test_each_step_of_a_delay_is_told_once_to_patient_and_facility(cast: Cast) -> None:
    trip = cast.trip_in("assigned", facility=cast.facility)
    for minutes in (10, 25, 30, 22, 60, 46, 25, 100, 300, 60):
        late(trip, minutes)
        tell_delays(timezone.now())
    assert mails("delayed") == [f"delay:{trip.pk}:{step}" for step in (20, 45, 90)]
    told = Notification.objects.filter(kind="delayed", channel="in_app")
    assert told.filter(user=cast.hugo).count() == told.filter(user=cast.pia).count() == 3


def test_what_is_at_risk_far_ahead_or_aboard_is_not_told(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    late(trip, 30, "at_risk")
    assert tell_delays(timezone.now()) == 0
    late(trip, 30)
    at(trip, timezone.now() + timedelta(hours=3))
    assert tell_delays(timezone.now()) == 0
    aboard = cast.tap(cast.tap(at(trip, timezone.now()), "start"), "pick_up")
    late(aboard, 30)
    assert tell_delays(timezone.now()) == 0
