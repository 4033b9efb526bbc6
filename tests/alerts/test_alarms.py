"""An emergency button: one alert, every dispatcher told once, one of them sees to it."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.api.problems import the_problem
from tests.cast import Cast
from tests.fixtures_processes import CeleryWorker, wait_until
from tests.tracking.door import marker
from trips import alerts
from trips.models import Alert, Delivery, GpsFix
from trips.tracking.fixes import Fix
from users.models import Notification, User
from users.notifications import notify_alert

pytestmark = pytest.mark.django_db(transaction=True)


def press(http: httpx.Client, token: str, **more: Any) -> httpx.Response:
    """The SOS button of a Traccar Client."""
    return http.post("/api/gps/", data={"id": token, "alarm": "sos", **more})


def here(seconds_ago: float = 1) -> dict[str, Any]:
    return {"lat": "57.7", "lon": "11.9", "timestamp": int(time.time() - seconds_ago)}


def raised(cast: Cast, seconds_ago: float = 0, kind: str = "sos") -> Alert | None:
    fix = Fix(57.7, 11.9, time.time() - seconds_ago)
    return alerts.raise_alert(device_id=cast.tracker.pk, kind=kind, fix=fix)


def test_an_alarm_is_kept_with_who_and_where_and_its_position_too(
    cast: Cast, http: httpx.Client
) -> None:
    trip = cast.trip_in("in_progress")
    assert press(http, cast.tracker_token, **here()).status_code == 200
    alert = Alert.objects.get()
    assert (alert.kind, alert.device, alert.vehicle) == ("sos", cast.tracker, cast.van)
    assert (alert.driver, alert.trip) == (cast.driver, trip)
    assert (alert.latitude, alert.longitude) == (57.7, 11.9)
    assert GpsFix.objects.count() == 1


def test_a_phone_that_repeats_itself_raises_no_second_alert(cast: Cast, http: httpx.Client) -> None:
    same = here()
    for _ in range(3):
        assert press(http, cast.tracker_token, **same).status_code == 200
    assert Alert.objects.count() == 1


def test_an_alarm_without_a_position_shows_where_the_marker_stood(
    cast: Cast, http: httpx.Client
) -> None:
    http.post("/api/gps/", data={"id": cast.tracker_token, **here(5)})
    assert press(http, cast.tracker_token).status_code == 200
    assert marker().latitude == Alert.objects.get().latitude == 57.7


def test_a_second_press_later_is_a_second_alert(cast: Cast) -> None:
    assert raised(cast, seconds_ago=600)
    assert raised(cast)
    assert not raised(cast, seconds_ago=30)
    assert raised(cast, kind="lowBattery")


@pytest.mark.parametrize("seconds_ago", [-3600, 90 * 86_400], ids=["ahead", "ancient"])
def test_a_wrong_clock_raises_the_alert_now(cast: Cast, seconds_ago: float) -> None:
    alert = raised(cast, seconds_ago)
    assert alert is not None
    assert alert.raised_at == alert.received_at


def test_every_dispatcher_is_told_once(
    cast: Cast, http: httpx.Client, celery_worker_process: CeleryWorker
) -> None:
    press(http, cast.tracker_token, **here())
    wait_until(lambda: Notification.objects.exists(), 10, "a notice")
    alert = Alert.objects.get()
    notify_alert(alert.pk)  # the relay runs it at least once
    [notice] = Notification.objects.all()
    assert (notice.user, notice.kind) == (cast.dina, "alert")
    assert "Van 1" in notice.message
    assert "Pia" not in notice.message
    wait_until(lambda: not Delivery.objects.filter(state="pending").exists(), 10, "the outbox")


def test_the_first_dispatcher_who_acknowledges_stays_noted(cast: Cast, http: httpx.Client) -> None:
    alert = raised(cast)
    assert alert is not None
    path = f"/api/alerts/{alert.pk}/acknowledge/"
    first = http.post(path, headers=cast.headers(cast.dina)).json()
    assert first["acknowledged_by"] == cast.dina.pk
    assert http.post(path, headers=cast.headers(cast.ada)).json() == first


def test_open_alerts_are_listed_newest_first(cast: Cast, http: httpx.Client) -> None:
    old, new = raised(cast, 600), raised(cast)
    assert old is not None
    assert new is not None
    dina = cast.headers(cast.dina)
    listed = http.get("/api/alerts/?open=true", headers=dina).json()["results"]
    assert [alert["id"] for alert in listed] == [new.pk, old.pk]
    http.post(f"/api/alerts/{old.pk}/acknowledge/", headers=dina)
    listed = http.get("/api/alerts/?open=true", headers=dina).json()["results"]
    assert [alert["id"] for alert in listed] == [new.pk]


@pytest.mark.parametrize("name", ["omar", "eve", "pia", "hugo", "bea"])
def test_only_dispatch_sees_alerts_and_the_quarantine(
    cast: Cast, http: httpx.Client, name: str
) -> None:
    alert = raised(cast)
    assert alert is not None
    somebody: User = getattr(cast, name)
    headers = cast.headers(somebody)
    the_problem(http.get("/api/alerts/", headers=headers), 403)
    the_problem(http.post(f"/api/alerts/{alert.pk}/acknowledge/", headers=headers), 403)
    the_problem(http.get("/api/quarantine/", headers=headers), 403)


def test_the_quarantine_shows_what_came_and_why(cast: Cast, http: httpx.Client) -> None:
    for latitude in ("0", "99"):
        place = {"lat": latitude, "lon": "0", "timestamp": int(time.time())}
        http.post("/api/gps/", data={"id": cast.tracker_token, **place})
    http.post("/api/gps/", content=b"lat=1%00&lon=\xff&id=" + cast.tracker_token.encode())
    dina = cast.headers(cast.dina)
    shown = http.get("/api/quarantine/", headers=dina).json()
    assert shown["count"] == 3
    assert cast.tracker_token not in str(shown)
    assert "�" in str(shown)
    query = urlencode({"reason": "null_island", "device": cast.tracker.pk})
    [one] = http.get(f"/api/quarantine/?{query}", headers=dina).json()["results"]
    assert one["device"] == cast.tracker.pk
    assert "lat=0" in one["raw"]
