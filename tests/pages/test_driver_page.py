"""The shell of the driver's app: installable, complete without coverage, nobody's data in it."""

from __future__ import annotations

import json
import re

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_anybody_may_load_the_shell_and_it_holds_nobodys_data(client: Client, cast: Cast) -> None:
    cast.trip_in("assigned")
    client.force_login(cast.omar)
    page = client.get("/driver/").content.decode()
    assert not {"Pia", "Omar"} & set(re.findall(r"\w+", page))
    assert client.get("/driver/enrol/").content.decode() == page


def test_the_shell_runs_no_script_of_its_own_text_and_asks_nobody_else(client: Client) -> None:
    page = client.get("/driver/").content.decode()
    for attributes, body in re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL):
        assert 'src="/static/' in attributes or "application/json" in attributes, body
    assert not re.search(r"\son\w+=|\sstyle=|<style", page)
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", page)


def test_the_worker_keeps_every_module_that_the_app_imports(client: Client) -> None:
    answer = client.get("/driver/worker.js")
    assert answer.headers["Content-Type"] == "text/javascript"
    line = next(
        one for one in answer.content.decode().splitlines() if one.startswith("const FILES")
    )
    kept = json.loads(line.removeprefix("const FILES = ").rstrip(";"))
    assert kept[0] == "/driver/"
    for url in kept[1:]:
        path = finders.find(url.removeprefix("/static/"))
        assert isinstance(path, str), url
        if not url.endswith(".js"):
            continue
        folder = url.rpartition("/")[0]
        with open(path, encoding="utf-8") as file:
            for name in re.findall(r'^import .*?from "([^"]+)";', file.read(), re.MULTILINE):
                assert _joined(folder, name) in kept, (url, name)


def _joined(folder: str, name: str) -> str:
    for _ in range(name.count("../")):
        folder = folder.rpartition("/")[0]
    return f"{folder}/{name.replace('../', '').removeprefix('./')}"


def test_the_manifest_makes_it_installable_in_the_readers_language(client: Client) -> None:
    manifest = client.get("/driver/manifest.webmanifest", headers={"Accept-Language": "es"}).json()
    assert (manifest["display"], manifest["start_url"]) == ("standalone", "/driver/")
    assert manifest["short_name"] == "Conductor"
    assert {icon["sizes"] for icon in manifest["icons"]} == {"192x192", "512x512"}


def test_what_omars_day_holds(client: Client, cast: Cast) -> None:
    cast.patient.phone = "+46 31 123"
    cast.patient.save()
    trip, done = cast.trip_in("assigned"), cast.trip_in("completed")
    day = client.get("/api/driver/day/", headers=cast.headers(cast.omar)).json()
    assert {one["id"] for one in day["trips"]} == {trip.pk, done.pk}
    assert day["phones"] == {str(trip.pk): "+46 31 123"}, "a number is gone with the ride"
    assert day["shift"]["vehicle"] == cast.van.pk
    assert client.get("/api/driver/day/", headers=cast.headers(cast.eve)).json()["trips"] == []


def test_omar_pairs_a_tracking_app_and_the_one_before_ends(client: Client, cast: Cast) -> None:
    first, second = (
        client.post("/api/driver/pairing/", headers=cast.headers(cast.omar)).json() for _ in "ab"
    )
    assert [app["name"] for app in second["apps"]] == ["Traccar Client", "OwnTracks"]
    assert second["token"] in second["apps"][0]["link"]
    assert first["token"] != second["token"]
