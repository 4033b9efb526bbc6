"""Dina hears of an alarm on the board, sets up a phone there, and Pia follows her link."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.chromium import page_at
from tests.browser.company import Phone, open_company
from tests.browser.test_board import NEAR_MS, connection, log_in
from tests.fixtures_processes import CeleryWorker, WebServer
from trips import links
from trips.models import Device
from users.auth import hash_token

pytestmark = pytest.mark.django_db(transaction=True)
TOKEN = "browser-tracker-0123456789"


def test_an_alarm_appears_on_the_board_until_somebody_sees_to_it(
    web_server: WebServer, celery_worker_process: CeleryWorker
) -> None:
    board = open_company()
    Phone(web_server.base_url, board.trip.pk).tap("start")
    Device.objects.create(vehicle=board.van, name="tracker", token_digest=hash_token(TOKEN))
    with page_at(web_server.base_url) as (page, complaints):
        log_in(page, "dina")
        expect(connection(page)).to_have_text("live", timeout=NEAR_MS)
        expect(page.locator("#alerts")).to_be_hidden()
        httpx.post(f"{web_server.base_url}/api/gps/", data={"id": TOKEN, "alarm": "sos"})
        alarm = page.locator("#alerts")
        expect(alarm).to_contain_text("Alarm “sos” from Van 1", timeout=NEAR_MS)
        page.get_by_role("button", name="Show the trip").click()
        expect(page.locator("#panel")).to_contain_text("Pia Ek")
        page.get_by_role("button", name="I see to it").click()
        expect(alarm).to_be_hidden()
        assert complaints.errors == []
        assert complaints.foreign_requests == []


def test_dina_finds_the_set_up_of_a_phone_from_the_board(web_server: WebServer) -> None:
    open_company()
    with page_at(web_server.base_url) as (page, complaints):
        log_in(page, "dina")
        page.get_by_role("link", name="Phones").click()
        page.get_by_role("link", name="Van 1").click()
        page.get_by_role("button", name="Make a token").click()
        pictures = page.get_by_role("img", name="QR code")
        expect(pictures).to_have_count(2)
        assert pictures.first.evaluate("image => image.naturalWidth") > 100
        assert complaints.errors == []
        assert complaints.foreign_requests == []


def test_pia_follows_her_link(web_server: WebServer) -> None:
    board = open_company()
    Phone(web_server.base_url, board.trip.pk).tap("start")
    with page_at(web_server.base_url) as (page, complaints):
        page.goto(f"/track/{links.sign(board.trip.pk)}/")
        expect(page.get_by_role("heading")).to_have_text("Your driver is on the way")
        assert complaints.errors == []
        page.goto("/track/forged/")
        expect(page.get_by_role("heading")).to_have_text("This link shows nothing any more")
        assert complaints.foreign_requests == []
