"""Foreign phones at `/api/gps/`: where the token may stand, and what each app needs back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from itertools import count
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.api.problems import the_problem
from tests.cast import Cast
from tests.fixtures_processes import WebServer, wait_until
from tests.tracking import phones
from tests.tracking.door import HERE, Door, fix, kept
from trips.models import Device, GpsFix, QuarantinedFix, VehiclePosition

pytestmark = pytest.mark.django_db(transaction=True)


_steps = count()


def point(**more: Any) -> dict[str, Any]:
    """What most apps have in common; each time another place, or it would be a duplicate."""
    place = {"lat": HERE["latitude"] + next(_steps) * 1e-5, "lon": HERE["longitude"]}
    return {**place, "timestamp": int(time.time()), **more}


def position(**more: Any) -> str:
    """The same as a query."""
    return urlencode(point(**more))


def by_path(http: httpx.Client, token: str) -> httpx.Response:
    return http.get(f"/api/gps/{token}/?{position()}")


def by_query(http: httpx.Client, token: str) -> httpx.Response:
    return http.get(f"/api/gps/?{position(id=token)}")


def by_form(http: httpx.Client, token: str) -> httpx.Response:
    return http.post("/api/gps/", data=point(deviceid=token))


def by_basic(http: httpx.Client, token: str) -> httpx.Response:
    here = point()
    body = {"_type": "location", "tst": here["timestamp"], "lat": here["lat"], "lon": here["lon"]}
    return http.post("/api/gps/", json=body, auth=("omar", token))


def by_bearer(http: httpx.Client, token: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return http.post("/api/gps/", json=fix(), headers=headers)


WAYS = [by_path, by_query, by_form, by_basic, by_bearer]


def test_the_trackers_token_may_stand_where_the_app_puts_it(
    cast: Cast, http: httpx.Client, subtests: pytest.Subtests
) -> None:
    for number, way in enumerate(WAYS, start=1):
        with subtests.test(way.__name__):
            answer = way(http, cast.tracker_token)
            assert answer.is_success, answer.content
            assert len(kept()) == number
    whose = {(row.device_id, row.vehicle_id, row.driver_id) for row in kept()}
    assert whose == {(cast.tracker.pk, cast.van.pk, None)}


def test_an_unknown_token_is_401_wherever_it_stands(
    cast: Cast, http: httpx.Client, subtests: pytest.Subtests
) -> None:
    for way in WAYS:
        for token in ("nobodys-tracker-0123456789", "short", "x" * 200, "a.b:c"):
            with subtests.test(f"{way.__name__} {token[:20]}"):
                answer = way(http, token)
                the_problem(answer, 401)
                assert answer.headers["www-authenticate"] == "Token"
                assert token not in answer.text
    assert not kept()


def test_no_token_at_all_is_401(cast: Cast, http: httpx.Client) -> None:
    the_problem(http.get(f"/api/gps/?{position()}"), 401)
    the_problem(http.get("/api/gps/"), 401)
    the_problem(http.post("/api/gps/", json=[fix()]), 401)


def test_a_driver_may_use_a_phone_app_with_his_own_token(cast: Cast, http: httpx.Client) -> None:
    trip = cast.trip_in("in_progress")
    for _ in range(2):
        assert by_path(http, cast.token(cast.omar)).is_success
    assert {row.driver_id for row in kept()} == {cast.driver.pk}
    assert Device.objects.get(driver=cast.driver).pk == kept()[0].device_id
    assert trip.driver_id == cast.driver.pk


def test_dinas_token_is_no_device(cast: Cast, http: httpx.Client) -> None:
    the_problem(by_path(http, cast.token(cast.dina)), 401)


def test_a_switched_off_tracker_is_401_within_two_seconds(cast: Cast, http: httpx.Client) -> None:
    assert by_path(http, cast.tracker_token).is_success
    Device.objects.filter(pk=cast.tracker.pk).update(is_active=False)
    soon(lambda: by_path(http, cast.tracker_token).status_code == 401)


def test_a_tracker_that_moved_to_another_van_moves_that_van(cast: Cast, http: httpx.Client) -> None:
    assert by_path(http, cast.tracker_token).is_success
    Device.objects.filter(pk=cast.tracker.pk).update(vehicle=cast.spare_van)

    def moves() -> bool:
        assert by_path(http, cast.tracker_token).is_success
        return VehiclePosition.objects.filter(vehicle=cast.spare_van).exists()

    soon(moves)


def test_omars_phone_is_switched_off_though_his_login_is_not(cast: Cast, door: Door) -> None:
    trip = cast.trip_in("in_progress")
    assert door.post(trip, fix()).status_code == 202
    Device.objects.filter(driver=cast.driver).update(is_active=False)
    soon(lambda: door.post(trip, fix()).status_code != 202)
    assert door.http.get("/api/trips/", headers=cast.headers(cast.omar)).status_code == 200


def soon(condition: Callable[[], bool]) -> None:
    """What the door's cache learns within its second or so."""
    wait_until(condition, 3, "the change at the door")


def test_a_position_of_ages_ago_is_2xx_and_quarantined_so_that_the_phone_goes_on(
    cast: Cast, http: httpx.Client, subtests: pytest.Subtests
) -> None:
    """The requests of the dialects' tests are of 2025."""
    for app, request in requests_of(cast.tracker_token).items():
        with subtests.test(app):
            answer = request(http)
            assert answer.is_success, answer.content
    stored = QuarantinedFix.objects.all()
    assert [row.reason for row in stored] == ["outside_window"] * len(phones.FULL_REPORTS)
    assert all(cast.tracker_token.encode() not in bytes(row.raw) for row in stored)


def requests_of(token: str) -> dict[str, Callable[[httpx.Client], httpx.Response]]:
    """Each app's request with our token."""

    def ours(text: str) -> str:
        return text.replace(phones.OMARS_PHONE, token)

    form = {"Content-Type": phones.FORM}
    nine = {**phones.traccar_9(), "device_id": token}
    path, root = f"/api/gps/{token}/", "/api/gps/"
    return {
        "traccar10": lambda http: http.post(root, content=ours(phones.TRACCAR_10), headers=form),
        "traccar9": lambda http: http.post(root, json=nine),
        "traccar8": lambda http: http.post(f"{root}?{ours(phones.TRACCAR_8)}"),
        "osmand": lambda http: http.get(f"{root}?{ours(phones.OSMAND)}"),
        "owntracks": lambda http: http.post(path, json=phones.owntracks()),
        "gpslogger": lambda http: http.put(f"{root}?{ours(phones.GPSLOGGER)}"),
    }


def test_owntracks_gets_its_empty_list(cast: Cast, http: httpx.Client) -> None:
    answer = by_basic(http, cast.tracker_token)
    assert (answer.status_code, answer.json()) == (200, [])
    assert answer.headers["content-type"].startswith("application/json")


def test_owntracks_other_messages_are_200_and_nothing_is_kept(
    cast: Cast, http: httpx.Client
) -> None:
    others = ({"_type": "lwt", "tst": 1}, {"_type": "waypoints", "waypoints": []}, None)
    for body in others:
        content = json.dumps(body).encode() if body else b""
        url = f"/api/gps/{cast.tracker_token}/"
        assert http.post(url, content=content, headers={"X-Limit-U": "o"}).status_code == 200
    assert not kept()


def test_a_heartbeat_without_a_position_is_2xx_and_keeps_nothing(
    cast: Cast, http: httpx.Client
) -> None:
    data = {"id": cast.tracker_token, "timestamp": str(int(time.time())), "batt": "83"}
    assert http.post("/api/gps/", data=data).is_success
    assert not kept()
    assert not QuarantinedFix.objects.exists()


BAD_POINTS: dict[str, dict[str, str]] = {
    "bad_latitude": {"lat": "nan"},
    "bad_longitude": {"lon": "999"},
    "null_island": {"lat": "0", "lon": "0"},
    "poor_accuracy": {"accuracy": "99999"},
}


def test_a_phones_bad_point_is_2xx_and_quarantined(cast: Cast, http: httpx.Client) -> None:
    for change in BAD_POINTS.values():
        answer = http.post("/api/gps/", content=position(id=cast.tracker_token, **change))
        assert answer.is_success, answer.content
    stored = QuarantinedFix.objects.order_by("pk")
    assert [row.reason for row in stored] == list(BAD_POINTS)
    assert {row.device_id for row in stored} == {cast.tracker.pk}
    assert not GpsFix.objects.exists()


def test_what_no_app_sends_is_400(
    cast: Cast, http: httpx.Client, subtests: pytest.Subtests
) -> None:
    for body in (b"hello", b"<xml/>", b"{", b"\x00\xff", b'{"a": 1}', b"[[1]"):
        with subtests.test(str(body)):
            the_problem(http.post(f"/api/gps/{cast.tracker_token}/", content=body), 400)


def test_our_own_format_works_with_a_device_token(cast: Cast, door: Door) -> None:
    answer = door.http.post(f"/api/gps/{cast.tracker_token}/", json=[fix(), {"latitude": 91}])
    assert answer.status_code == 202
    assert (answer.json()["accepted"], len(answer.json()["quarantined"])) == (1, 1)
    the_problem(door.http.post(f"/api/gps/{cast.tracker_token}/", json=[HERE] * 1_001), 400)


def test_knots_become_metres_per_second(cast: Cast, http: httpx.Client) -> None:
    http.post("/api/gps/", content=position(id=cast.tracker_token, speed="19.4384449"))
    assert kept()[0].speed_mps == pytest.approx(10.0)


def test_an_odd_method_is_405(cast: Cast, http: httpx.Client) -> None:
    for method in ("DELETE", "PATCH", "OPTIONS"):
        the_problem(http.request(method, f"/api/gps/{cast.tracker_token}/?{position()}"), 405)


def test_no_token_stands_in_the_servers_log(
    cast: Cast, http: httpx.Client, web_server: WebServer
) -> None:
    for way in WAYS:
        assert way(http, cast.tracker_token).is_success
    the_problem(http.get(f"/api/gps/{cast.tracker_token}/?colour=red"), 400)
    assert cast.tracker_token not in web_server.log.read_text()
