"""The dispatcher's pages over plain HTTP: who gets them, and what they hold."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client

from tests.browser.company import person
from trips.models import Company
from trips.simulator.streets import available_ways
from users.roles import Role

pytestmark = pytest.mark.django_db
SCRIPT = re.compile(r"<script([^>]*)>(.*?)</script>", re.DOTALL)


@pytest.fixture
def dina(client: Client) -> Client:
    client.force_login(person("dina", "Dina", Role.DISPATCHER))
    return client


def test_nobody_sees_the_board_without_a_login(client: Client) -> None:
    for path in ("/dispatch/", "/dispatch/streets.geojson"):
        answer = client.get(path)
        assert answer.status_code == 302
        assert answer.headers["Location"] == f"/accounts/login/?next={path}"


@pytest.mark.parametrize("role", [Role.DRIVER, Role.BILLER, Role.FACILITY, Role.PATIENT])
def test_eve_gets_a_page_that_says_why_she_sees_nothing(client: Client, role: Role) -> None:
    client.force_login(person("eve", "Eve", role))
    answer = client.get("/dispatch/")
    assert answer.status_code == 403
    assert b"This page is not for your role" in answer.content
    assert b"/ws/dispatch/" not in answer.content


def test_the_page_tells_the_board_the_companys_time_zone(dina: Client) -> None:
    Company.objects.create(pk=1, name="Nordic </script> Rides", time_zone="Europe/Stockholm")
    page = dina.get("/dispatch/").content.decode()
    config = next(body for kind, body in SCRIPT.findall(page) if "board-config" in kind)
    assert json.loads(config)["time_zone"] == "Europe/Stockholm"
    assert json.loads(config)["company"] == "Nordic </script> Rides"


@pytest.mark.parametrize("path", ["/dispatch/", "/accounts/login/"])
def test_a_page_runs_no_script_of_its_own_text_and_asks_nobody_else(
    dina: Client, path: str
) -> None:
    page = dina.get(path).content.decode()
    for attributes, body in SCRIPT.findall(page):
        assert re.search(r'src=|type="application/json"|type="importmap" nonce=', attributes), body
    assert not re.search(r"\son\w+=|\sstyle=|<style", page)
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", page)


def test_the_streets_are_sent_once_and_credited(dina: Client) -> None:
    first = dina.get("/dispatch/streets.geojson")
    streets = json.loads(first.content)
    assert streets["attribution"] == available_ways()[1]
    assert len(streets["features"]) > 3
    again = dina.get("/dispatch/streets.geojson", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.content == b""
