"""Two at the same moment: one of them does it, the other is told why not."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.cast import Cast
from tests.threads import at_once
from trips import alerts, fleet, shifts, talk
from trips.models import Alert, ExpiryWarning, Message, Shift
from trips.once import answer_once
from trips.queries import company_day

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_drivers_do_not_take_the_same_van(cast: Cast) -> None:
    Shift.objects.all().delete()
    drivers = itertools.cycle([cast.driver, cast.strange_driver])

    def begin() -> Shift:
        driver = next(drivers)
        wanted = shifts.Begin(driver_id=driver.pk, vehicle_id=cast.van.pk, at=timezone.now())
        return shifts.begin_shift(user=driver.user, begin=wanted)

    outcomes = at_once(begin, 8)
    assert [type(one) for one in outcomes if not isinstance(one, shifts.ShiftConflict)] == [Shift]
    assert Shift.objects.count() == 1


def test_one_van_is_planned_once_for_a_time(cast: Cast) -> None:
    begins = timezone.now() + timedelta(days=1)
    drivers = itertools.cycle([cast.driver.pk, cast.strange_driver.pk])

    def plan() -> Shift:
        return shifts.plan_shift(
            driver_id=next(drivers),
            vehicle_id=cast.van.pk,
            starts_at=begins,
            ends_at=begins + timedelta(hours=8),
        )

    at_once(plan, 6)
    assert Shift.objects.filter(planned=True).count() == 1


def test_the_same_message_twice_at_once_is_sent_once(cast: Cast) -> None:
    def send() -> int:
        message = talk.send(sender=cast.dina, to=Message.To.DRIVERS, body="Ice.")
        return message.pk

    def ask() -> object:
        return answer_once(user=cast.dina, client_event_id="m1", request={"a": 1}, make=send)

    answers = at_once(ask, 6)
    assert answers == [Message.objects.get().pk] * 6


def test_a_van_that_breaks_down_twice_at_once_is_one_alert(cast: Cast) -> None:
    broken = {"state": "out_of_service", "out_of_service_reason": "brakes"}
    at_once(lambda: fleet.update_vehicle(vehicle_id=cast.van.pk, changes=broken), 6)
    assert Alert.objects.count() == 1


def test_watchers_at_once_say_each_thing_once(cast: Cast) -> None:
    alert = alerts.press_sos(driver=cast.driver, latitude=None, longitude=None, trip_id=None)
    long_ago = timezone.now() - timedelta(minutes=9)
    Alert.objects.filter(pk=alert.pk).update(received_at=long_ago)
    assert sorted(at_once(alerts.escalate, 5)) == [0, 0, 0, 0, 1]
    today = company_day(timezone.now())
    fleet.update_driver(driver_id=cast.driver.pk, changes={"licence_expires": today})
    assert sorted(at_once(fleet.warn_of_expiries, 5)) == [0, 0, 0, 0, 1]
    assert ExpiryWarning.objects.count() == 1


def test_presses_at_once_are_one_alarm(cast: Cast) -> None:
    def press() -> int:
        place = {"latitude": 57.7, "longitude": 11.9, "trip_id": None}
        return alerts.press_sos(driver=cast.driver, **place).pk  # type: ignore[arg-type]

    assert set(at_once(press, 6)) == {Alert.objects.get().pk}
