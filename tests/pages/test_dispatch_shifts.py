"""Dina plans shifts, begins and ends them for drivers, and puts them right."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from tests.cast import Cast, open_company
from tests.pages.dispatch_desk import client_of, page, send, words
from trips.models import (
    Shift,
    ShiftBreak,
)
from trips.queries import company_day

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Europe/Stockholm")


@pytest.fixture
def cast() -> Cast:
    return open_company()


@pytest.fixture
def dina(cast: Cast) -> Client:
    return client_of(cast.dina)


def local(hours: float) -> str:
    at = timezone.now() + timedelta(hours=hours)
    return f"{at.astimezone(ZONE):%Y-%m-%dT%H:%M}"


def test_a_shift_is_planned_once_and_an_overlap_is_refused_with_words(
    cast: Cast, dina: Client
) -> None:
    plan = {
        "do": "plan", "driver_id": cast.driver.pk, "vehicle_id": cast.van.pk, "reason": "rota",
        "starts_at": local(30), "ends_at": local(38), "client_event_id": "one",
    }  # fmt: skip
    assert "The shift is planned." in words(send(dina, "shift-begin", **plan))
    send(dina, "shift-begin", **plan)
    planned = Shift.objects.get(planned=True)
    assert f"{planned.starts_at.astimezone(ZONE):%Y-%m-%dT%H:%M}" == plan["starts_at"]
    answer = send(dina, "shift-begin", **plan | {"client_event_id": "two", "reason": "again"})
    assert answer.status_code == 409
    assert f"The driver has shift {planned.pk} at that time." in words(answer)
    assert b'value="again"' in answer.content
    day = planned.starts_at.astimezone(ZONE).date().isoformat()
    assert "planned" in page(dina, "shifts", date=day)
    assert "The plan is dropped." in words(send(dina, "shift-step", planned.pk, do="drop"))


def test_a_shift_is_begun_paused_and_ended_for_a_driver(cast: Cast, dina: Client) -> None:
    shift = Shift.objects.get(driver=cast.driver)
    assert "The break begins." in words(send(dina, "shift-step", shift.pk, do="break"))
    assert "on a break" in page(dina, "shift", shift.pk)
    assert "The break is over." in words(send(dina, "shift-step", shift.pk, do="resume"))
    assert "Say why" in words(send(dina, "shift-step", shift.pk, do="end"))
    assert "has ended" in words(send(dina, "shift-step", shift.pk, do="end", reason="ill"))
    begin = {"driver_id": cast.driver.pk, "vehicle_id": cast.van.pk, "reason": "phone is dead"}
    assert "On duty now." in words(send(dina, "shift-begin", do="begin", **begin))
    assert Shift.objects.filter(driver=cast.driver, ends_at=None).count() == 1


def test_a_shift_is_put_right_with_a_reason(cast: Cast, dina: Client) -> None:
    shift = Shift.objects.get(driver=cast.driver)
    answer = send(
        dina, "shift", shift.pk, starts_at=local(-3), odometer_start="1200.5", reason="late tap"
    )
    assert "The shift is put right." in words(answer)
    shift.refresh_from_db()
    assert f"{shift.starts_at.astimezone(ZONE):%Y-%m-%dT%H:%M}" == local(-3)
    assert (str(shift.odometer_start_mi), shift.reason) == ("1200.5", "late tap")


def test_the_seconds_of_a_shift_survive_a_correction_of_something_else(
    cast: Cast, dina: Client
) -> None:
    shift = Shift.objects.get(driver=cast.driver)
    Shift.objects.filter(pk=shift.pk).update(starts_at=shift.starts_at.replace(second=17))
    shift.refresh_from_db()
    shown = f"{shift.starts_at.astimezone(ZONE):%Y-%m-%dT%H:%M}"
    send(dina, "shift", shift.pk, starts_at=shown, odometer_start="7", reason="read wrong")
    after = Shift.objects.get(pk=shift.pk)
    assert after.starts_at == shift.starts_at
    assert after.odometer_start_mi == Decimal(7)


#: What is sent, the status, and what is said.
IMPOSSIBLE: tuple[tuple[dict[str, Any], int, str], ...] = (
    ({"starts_at": 2}, 400, "not to come"),
    ({"starts_at": -30}, 400, "within 24 hours"),
    ({"starts_at": -24 * 9}, 400, "last seven days"),
    ({"ends_at": -0.2}, 409, "end it instead"),
    ({"starts_at": -4}, 409, "at that time"),
    ({"starts_at": -0.3}, 409, "A break of the shift"),
    ({"odometer_start": "9", "odometer_end": "5"}, 400, "ends lower than it began"),
    ({"odometer_start": "-9"}, 400, "greater than or equal to 0"),
)


def test_a_correction_that_cannot_be_is_refused_with_words(cast: Cast, dina: Client) -> None:
    shift, now = Shift.objects.get(driver=cast.driver), timezone.now()
    hours = timedelta(hours=1)
    Shift.objects.create(
        driver=cast.driver, vehicle=cast.spare_van, starts_at=now - 6 * hours,
        ends_at=now - 2 * hours,
    )  # fmt: skip
    ShiftBreak.objects.create(shift=shift, starts_at=now - hours / 2, ends_at=now - hours / 4)
    for given, status, said in IMPOSSIBLE:
        fields = {name: local(at) if name.endswith("_at") else at for name, at in given.items()}
        answer = send(dina, "shift", shift.pk, reason="so it was", **fields)
        assert answer.status_code == status, given
        assert said in words(answer), given
    shift.refresh_from_db()
    assert shift.reason == ""


def test_a_shift_of_long_ago_stands(cast: Cast, dina: Client) -> None:
    long_ago = timezone.now() - timedelta(days=9)
    shift = Shift.objects.create(
        driver=cast.driver,
        vehicle=cast.van,
        starts_at=long_ago,
        ends_at=long_ago + timedelta(hours=8),
    )
    answer = send(dina, "shift", shift.pk, odometer_end="5", reason="so it was")
    assert "the reports of its day are settled" in words(answer)


def test_a_week_stands_as_a_grid_with_each_shift_on_its_days(cast: Cast, dina: Client) -> None:
    monday = timezone.now().astimezone(ZONE).replace(hour=22, minute=0) + timedelta(days=2)
    Shift.objects.create(
        driver=cast.driver, vehicle=cast.van, starts_at=monday,
        ends_at=monday + timedelta(hours=6), planned=True,
    )  # fmt: skip
    text = page(dina, "shifts", date=company_day(timezone.now()).isoformat(), days="7")
    assert text.count("22:00 – 04:00") == 2
    assert text.index("Eve") < text.index("22:00 – 04:00")
