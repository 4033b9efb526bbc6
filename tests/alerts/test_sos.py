"""A driver's call for help, alarms that nobody saw to, and will-calls that wait too long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import TestCase
from django.utils import timezone

from tests.api.conftest import As, as_user
from tests.api.problems import the_problem
from tests.cast import Cast
from tests.held_broker import HeldBroker, held_broker
from trips import alerts
from trips.models import Alert, Company, Shift, Trip, TripEvent
from trips.tasks import watch_alerts
from users.models import Notification

__all__ = ["as_user", "held_broker"]
pytestmark = pytest.mark.django_db

URL = "/api/alerts/"
HERE = {"latitude": 57.7, "longitude": 11.9}


def press(cast: Cast, as_user: As, **more: Any) -> Any:
    return as_user(cast.omar).post(URL, {"kind": "sos", **more})


def raised(cast: Cast, kind: str) -> Alert | None:
    return alerts.raise_alert(device_id=cast.tracker.pk, kind=kind, fix=None)


def test_omar_calls_for_help_and_every_dispatcher_hears_it_once(
    cast: Cast, as_user: As, held_broker: HeldBroker
) -> None:
    trip = cast.trip_in("in_progress")
    with TestCase.captureOnCommitCallbacks(execute=True):
        answer = press(cast, as_user, **HERE)
    assert answer.status_code == 201
    held_broker.deliver(times=3)
    alert = Alert.objects.get()
    assert (alert.kind, alert.driver, alert.vehicle) == ("sos", cast.driver, cast.van)
    assert (alert.trip, alert.latitude, alert.longitude) == (trip, 57.7, 11.9)
    assert answer.json()["id"] == alert.pk
    [notice] = Notification.objects.filter(kind="alert")
    assert notice.user == cast.dina
    [shown] = as_user(cast.dina).get(f"{URL}?open=1").json()["results"]
    assert shown["id"] == alert.pk


def test_who_presses_again_in_panic_raises_one_alarm(cast: Cast, as_user: As) -> None:
    first, second = press(cast, as_user), press(cast, as_user, **HERE)
    assert first.json()["id"] == second.json()["id"]
    assert (Alert.objects.count(), second.status_code) == (1, 201)


def test_the_same_press_later_gets_the_same_answer(cast: Cast, as_user: As) -> None:
    first = press(cast, as_user, client_event_id="p1")
    Alert.objects.update(raised_at=timezone.now() - timedelta(hours=1))
    assert press(cast, as_user, client_event_id="p1").json() == first.json()
    assert Alert.objects.count() == 1
    the_problem(press(cast, as_user, client_event_id="p1", **HERE), 422)


def test_a_trip_that_is_not_his_is_left_out_and_the_alarm_is_raised(
    cast: Cast, as_user: As
) -> None:
    foreign = cast.give_to_eve(cast.trip_in("scheduled"))
    assert press(cast, as_user, trip_id=foreign.pk).json()["trip"] is None
    Alert.objects.all().delete()
    assert press(cast, as_user, trip_id=10**9).json()["trip"] is None
    Alert.objects.all().delete()
    mine = cast.trip_in("assigned")
    assert press(cast, as_user, trip_id=mine.pk).json()["trip"] == mine.pk


def test_help_is_called_off_duty_too(cast: Cast, as_user: As) -> None:
    Shift.objects.all().delete()
    assert press(cast, as_user, **HERE).json()["driver"] == cast.driver.pk


@pytest.mark.parametrize(
    "body", [{"kind": "lunch"}, {}, {"kind": "sos", "latitude": 91}, {"kind": "sos", "x": 1}]
)
def test_a_press_that_makes_no_sense_is_400(cast: Cast, as_user: As, body: dict[str, Any]) -> None:
    the_problem(as_user(cast.omar).post(URL, body), 400)


@pytest.mark.parametrize("name", ["dina", "pia", "hugo", "bea", "ada"])
def test_only_drivers_press(cast: Cast, as_user: As, name: str) -> None:
    the_problem(as_user(getattr(cast, name)).post(URL, {"kind": "sos"}), 403)


# --- escalation


def grow_old(minutes: float) -> None:
    Alert.objects.update(received_at=timezone.now() - timedelta(minutes=minutes))


def test_an_alarm_left_alone_reaches_administrators_once(
    cast: Cast, as_user: As, held_broker: HeldBroker
) -> None:
    press(cast, as_user)
    grow_old(1.9)
    assert alerts.escalate() == 0
    grow_old(2.1)
    with TestCase.captureOnCommitCallbacks(execute=True):
        assert [alerts.escalate() for _ in range(3)] == [1, 0, 0]
    held_broker.deliver(times=3)
    [notice] = Notification.objects.filter(user=cast.ada)
    assert f"alert {Alert.objects.get().pk}" in notice.message
    assert "Pia" not in notice.message


def test_what_was_seen_to_or_is_not_urgent_stays_with_dispatch(cast: Cast, as_user: As) -> None:
    seen = press(cast, as_user).json()["id"]
    as_user(cast.dina).post(f"{URL}{seen}/acknowledge/")
    assert raised(cast, "lowBattery")
    grow_old(60)
    assert alerts.escalate() == 0


# --- bounds


def test_an_app_that_invents_alarms_is_bounded(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "MOST_A_MINUTE", 1_000)
    for n in range(alerts.MOST_KINDS + 30):
        raised(cast, f"odd {n}")
    kinds = list(Alert.objects.values_list("kind", flat=True))
    assert len(kinds) == alerts.MOST_KINDS + 1
    assert kinds.count(alerts.OTHER) == 1
    assert raised(cast, "sos"), "a call for help is never merged"


def test_an_app_that_cries_on_and_on_is_not_listened_to_for_a_minute(cast: Cast) -> None:
    for n in range(alerts.MOST_A_MINUTE + 30):
        raised(cast, f"odd {n}")
    assert Alert.objects.count() == alerts.MOST_A_MINUTE
    assert raised(cast, "sos"), "a call for help is always heard"
    Alert.objects.update(received_at=timezone.now() - timedelta(minutes=1))
    assert raised(cast, "odd again")


def test_once_they_are_seen_to_new_kinds_are_shown_again(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts, "MOST_A_MINUTE", 1_000)
    for n in range(alerts.MOST_KINDS + 1):
        raised(cast, f"odd {n}")
    for alert in Alert.objects.all():
        alerts.acknowledge(alert=alert, user=cast.dina)
    assert raised(cast, "quite new")
    assert Alert.objects.get(acknowledged_at=None).kind == "quite new"


# --- will-calls


def called(cast: Cast, minutes_ago: float, status: str = "scheduled") -> Trip:
    trip = cast.trip_in(status)
    at = timezone.now() - timedelta(minutes=minutes_ago)
    Trip.objects.filter(pk=trip.pk).update(ready_at=at)
    return trip


@pytest.mark.parametrize("status", ["scheduled", "assigned", "en_route_pickup", "arrived_pickup"])
def test_a_called_ride_that_does_not_come_is_an_alert_once(
    cast: Cast, held_broker: HeldBroker, status: str
) -> None:
    trip = called(cast, 61, status)
    with TestCase.captureOnCommitCallbacks(execute=True):
        assert [alerts.watch_will_calls() for _ in range(3)] == [1, 0, 0]
    held_broker.deliver(times=2)
    alert = Alert.objects.get()
    assert (alert.kind, alert.trip) == (alerts.WILL_CALL_LATE, trip)
    notices = Notification.objects.filter(kind="alert")
    assert [notice.user for notice in notices] == [cast.dina]
    assert (
        notices[0].message
        == alert.message
        == (f"Trip {trip.pk} was called and is not picked up after 60 minutes.")
    )


def test_the_companys_own_minutes_count(cast: Cast) -> None:
    called(cast, 61)
    Company.objects.update(will_call_minutes=90)
    assert alerts.watch_will_calls() == 0
    Company.objects.update(will_call_minutes=30)
    assert alerts.watch_will_calls() == 1


@pytest.mark.parametrize("status", ["in_progress", "completed", "cancelled"])
def test_who_was_fetched_or_needs_no_ride_is_not_waiting(cast: Cast, status: str) -> None:
    called(cast, 600, status)
    assert alerts.watch_will_calls() == 0


def test_a_ride_called_a_second_time_has_a_second_clock(cast: Cast) -> None:
    trip = called(cast, 100)
    assert alerts.watch_will_calls() == 1
    later = timezone.now() - timedelta(minutes=70)
    Trip.objects.filter(pk=trip.pk).update(ready_at=later)
    assert alerts.watch_will_calls() == 1


def test_the_whole_way_from_the_call(cast: Cast) -> None:
    trip = cast.trip_in("will_call")
    cast.tap(trip, "ready", cast.pia)
    assert watch_alerts() == "0 escalated, 0 will-calls late"
    Trip.objects.filter(pk=trip.pk).update(ready_at=timezone.now() - timedelta(hours=2))
    assert watch_alerts() == "0 escalated, 1 will-calls late"
    assert TripEvent.objects.filter(trip=trip).count() == 2, "an alert changes no trip"
