"""The page "Break something": only in the demo, only for who dispatches, only fixed verbs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client

from devtools.processes import STAGE_WORKER, Program
from tests.browser.broken_house import supervised
from tests.cast import Cast
from trips.chaos import probe
from trips.models import Device, GpsFix, Trip
from users.auth import hash_token
from users.models import User

pytestmark = pytest.mark.django_db
PAGES = ("/demo/break/", "/demo/break/state/?run=0123abcd")
DEEDS = ("/demo/break/probe/", "/demo/break/do/")
SLEEPER = Program("web", [sys.executable, "-c", "import time; time.sleep(600)"], STAGE_WORKER)


@pytest.fixture
def demo(settings: LazySettings) -> None:
    settings.DEMO = True


def as_user(user: User, *, csrf: bool = False) -> Client:
    client = Client(enforce_csrf_checks=csrf)
    client.force_login(user)
    return client


def test_outside_the_demo_there_is_no_such_page(cast: Cast, client: Client) -> None:
    dina = as_user(cast.dina)
    absent = dina.get("/demo/nothing/").content
    for path in PAGES:
        assert (client.get(path).status_code, dina.get(path).status_code) == (404, 404)
        assert dina.get(path).content == absent
    for path in DEEDS:
        assert dina.post(path, {"verb": "kill-web"}).status_code == 404


@pytest.mark.usefixtures("demo")
def test_who_does_not_dispatch_may_not_break_anything(cast: Cast, client: Client) -> None:
    for user in (cast.omar, cast.pia, cast.hugo, cast.bea, cast.eve):
        browser = as_user(user)
        assert [browser.get(path).status_code for path in PAGES] == [403, 403]
        assert [browser.post(path).status_code for path in DEEDS] == [403, 403]
    assert client.post(DEEDS[1], {"verb": "kill-web"}).status_code == 302


@pytest.mark.usefixtures("demo")
def test_another_site_cannot_break_anything_through_dinas_browser(cast: Cast) -> None:
    dina = as_user(cast.dina, csrf=True)
    assert [dina.post(path, {"verb": "kill-web"}).status_code for path in DEEDS] == [403, 403]


@pytest.mark.usefixtures("demo")
def test_without_a_launcher_it_says_so(cast: Cast) -> None:
    dina = as_user(cast.dina)
    assert dina.post(DEEDS[1], {"verb": "kill-web"}).status_code == 503
    assert dina.get(PAGES[1]).json()["launcher"] is None


@pytest.mark.usefixtures("demo")
def test_the_launcher_takes_on_its_verbs_and_no_others(
    cast: Cast, settings: LazySettings, tmp_path: Path
) -> None:
    dina = as_user(cast.dina)
    with supervised(tmp_path, [SLEEPER]) as door:
        settings.CONTROL_SOCKET = str(door.path)
        assert dina.get(PAGES[1]).json()["launcher"]["verbs"] == ["kill-web"]
        for verb in ("", "kill-valkey", "status", "kill-web\nkill-web", "\ud7ff" * 300):
            assert dina.post(DEEDS[1], {"verb": verb}).status_code == 400
        answer = dina.post(DEEDS[1], {"verb": "kill-web"})
        assert (answer.status_code, answer.json()["program"]) == (202, "web")
    assert dina.post(DEEDS[1], {"verb": "kill-web"}).status_code == 503


@pytest.mark.usefixtures("demo")
def test_the_probe_makes_its_trips_once(cast: Cast) -> None:
    dina = as_user(cast.dina)
    first = dina.post(DEEDS[0]).json()
    assert dina.post(DEEDS[0]).json() == first
    assert len(first["trips"]) == probe.TRIPS
    device = Device.objects.get(token_digest=hash_token(first["token"]))
    assert device.vehicle_id == first["vehicle"]
    Trip.objects.filter(pk=first["trips"][0]["id"]).update(status="cancelled")
    again = dina.post(DEEDS[0]).json()
    assert len({one["id"] for one in first["trips"] + again["trips"]}) == probe.TRIPS + 1


@pytest.mark.usefixtures("demo")
def test_what_was_kept_is_counted_by_run(cast: Cast) -> None:
    dina = as_user(cast.dina)
    began = dina.post(DEEDS[0]).json()
    assert dina.get(PAGES[1]).json()["kept"] == {
        "fixes": 0,
        "events": {str(one["id"]): 1 for one in began["trips"]},
    }
    assert not GpsFix.objects.exists()
    for run in ("", "0123ABCD", "0123abcd%25", "x"):
        assert dina.get(f"/demo/break/state/?run={run}").status_code == 400
