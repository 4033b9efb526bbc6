"""A dispatcher sets up a phone: a token shown once, in links that the apps understand."""

from __future__ import annotations

import base64
import html
import json
import re
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx
import pytest
from django.test import Client

from tests.cast import Cast
from trips.models import Device
from trips.setup_pages import PHONE
from trips.tracking import phone_setup
from trips.tracking.dialects import Request, read
from users.auth import hash_token

BASE = "https://rides.example"
TOKEN = "tok-en_0123456789abcdef"


def parameters(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, strict_parsing=True))


def test_traccar_clients_scanner_gets_the_server_and_sane_intervals() -> None:
    code = phone_setup.traccar_code(BASE, TOKEN)
    assert code.startswith("https://rides.example/api/gps/?")
    given = parameters(code)
    assert given["id"] == TOKEN
    assert (given["interval"], given["distance"], given["accuracy"]) == ("10", "20", "high")
    assert given["fastest_interval"] == "10"


def test_traccar_clients_link_says_the_same_with_the_server_as_a_parameter() -> None:
    link = phone_setup.traccar_link(BASE, TOKEN)
    assert link.startswith("org.traccar.client://config?")
    code = phone_setup.traccar_code(BASE, TOKEN)
    assert parameters(link) == {"url": f"{BASE}/api/gps/"} | parameters(code)


def test_owntracks_gets_a_whole_configuration() -> None:
    link = phone_setup.owntracks_link(BASE, TOKEN, name="vehicle-7", short="V7")
    head, _, inline = link.partition("inline=")
    assert head == "owntracks:///config?"
    assert re.fullmatch(r"[\w%.~-]+", inline), "a plain + or / would not survive"
    configuration = json.loads(base64.b64decode(unquote(inline)))
    assert configuration["_type"] == "configuration"
    assert (configuration["mode"], configuration["monitoring"]) == (3, 2)
    assert (configuration["url"], configuration["password"]) == (f"{BASE}/api/gps/", TOKEN)
    assert configuration["moveModeLocatorInterval"] == configuration["locatorInterval"] == 10


def test_gpsloggers_url_is_read_by_its_dialect_once_the_app_has_filled_it_in() -> None:
    url = phone_setup.gpslogger_url(BASE, TOKEN)
    values = {"LAT": "57.7", "LON": "11.9", "TIMESTAMP": "1750000000", "SPD": "10", "DIR": "90"}
    for name, value in (values | {"ALT": "12", "ACC": "4", "BATT": "80"}).items():
        url = url.replace(f"%{name}", value)
    report = read(Request("GET", urlsplit(url).query, "", b""))
    assert (report.dialect, report.token) == ("gpslogger", TOKEN)
    [(_, fix)] = report.fixes
    assert (fix.speed_mps, fix.heading_deg, fix.battery) == (10, 90, 0.8)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("address", "reach"),
    [
        ("https://rides.example", "anywhere"),
        ("http://192.168.1.20:8000", "local_network"),
        ("http://rides.example", "local_network"),
        ("http://127.0.0.1:8000", "this_computer"),
        ("http://localhost:8000", "this_computer"),
        ("https://[::1]:8000", "this_computer"),
    ],
)
def test_how_far_an_address_carries_is_known(address: str, reach: str) -> None:
    assert phone_setup.reach(address) == reach


# --- the pages


@pytest.fixture
def dina(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.dina)
    return client


def token_on(page: str) -> str:
    found = re.search(r'id="token">([^<]+)<', page)
    assert found, page
    return found[1]


@pytest.mark.django_db
def test_the_token_is_shown_once_and_only_its_hash_is_kept(cast: Cast, dina: Client) -> None:
    path = f"/dispatch/setup/vehicle/{cast.van.pk}/"
    assert 'id="token"' not in dina.get(path).content.decode()
    answer = dina.post(path)
    token = token_on(answer.content.decode())
    assert "no-store" in answer["Cache-Control"]
    device = Device.objects.get(vehicle=cast.van, name=PHONE)
    assert device.token_digest == hash_token(token)
    assert token not in dina.get(path).content.decode()


@pytest.mark.django_db
def test_a_new_token_ends_the_former_one_and_leaves_the_tracker_alone(
    cast: Cast, dina: Client
) -> None:
    path = f"/dispatch/setup/vehicle/{cast.van.pk}/"
    first, second = (token_on(dina.post(path).content.decode()) for _ in range(2))
    kept = set(Device.objects.filter(vehicle=cast.van).values_list("token_digest", flat=True))
    assert kept == {hash_token(second), hash_token(cast.tracker_token)}
    assert first != second


@pytest.mark.django_db
def test_every_app_has_its_picture_and_its_link(cast: Cast, dina: Client) -> None:
    page = html.unescape(dina.post(f"/dispatch/setup/driver/{cast.driver.pk}/").content.decode())
    token = token_on(page)
    assert page.count("data:image/svg+xml") == 2
    assert "org.traccar.client://config?" in page
    assert "owntracks:///config?inline=" in page
    assert f"/api/gps/?id={token}&lat=%LAT&lon=%LON" in page
    assert "<script" not in page


@pytest.mark.django_db
def test_a_local_address_is_said_to_be_one(cast: Cast, dina: Client) -> None:
    page = dina.get(f"/dispatch/setup/vehicle/{cast.van.pk}/").content.decode()
    assert "exists\n    on this computer only" in page
    assert "Phones need HTTPS, or the same local network" in page


@pytest.mark.django_db
def test_the_list_leads_to_every_vehicle_and_driver(cast: Cast, dina: Client) -> None:
    page = dina.get("/dispatch/setup/").content.decode()
    for vehicle in (cast.van, cast.spare_van):
        assert f"/dispatch/setup/vehicle/{vehicle.pk}/" in page
    for driver in (cast.driver, cast.strange_driver):
        assert f"/dispatch/setup/driver/{driver.pk}/" in page


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["omar", "eve", "pia", "hugo", "bea"])
def test_nobody_else_sets_up_phones(cast: Cast, name: str) -> None:
    client = Client()
    client.force_login(getattr(cast, name))
    for path in ("", f"vehicle/{cast.van.pk}/", f"driver/{cast.driver.pk}/"):
        assert client.get(f"/dispatch/setup/{path}").status_code == 403
    assert client.post(f"/dispatch/setup/vehicle/{cast.van.pk}/").status_code == 403
    assert not Device.objects.filter(name=PHONE).exists()


@pytest.mark.django_db
def test_a_stranger_is_asked_to_sign_in_and_a_wrong_number_is_not_found(
    cast: Cast, dina: Client
) -> None:
    answer = Client().post(f"/dispatch/setup/vehicle/{cast.van.pk}/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")
    assert dina.get("/dispatch/setup/vehicle/987654/").status_code == 404
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.dina)
    assert strict.post(f"/dispatch/setup/vehicle/{cast.van.pk}/").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_a_phone_that_was_set_up_so_reports_at_the_real_door(
    cast: Cast, dina: Client, http: httpx.Client
) -> None:
    token = token_on(dina.post(f"/dispatch/setup/driver/{cast.driver.pk}/").content.decode())
    body = {"id": token, "lat": "57.7", "lon": "11.9", "speed": "10"}
    assert http.post("/api/gps/", data=body).status_code == 200
    assert cast.driver.device.gpsfix_set.count() == 1
    assert http.get("/api/trips/", headers={"Authorization": f"Token {token}"}).status_code == 401
