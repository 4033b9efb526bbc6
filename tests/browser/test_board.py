"""Dina looks at the board in a real browser, over a real server and worker."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import page_at
from tests.browser.company import PASSWORD, PICKUP, Phone, open_company
from tests.browser.fleet import hue, spot, told, until
from tests.fixtures_processes import CeleryWorker, WebServer

pytestmark = pytest.mark.django_db(transaction=True)
NEAR_MS = 15_000


def log_in(page: Page, username: str) -> None:
    page.goto("/dispatch/")
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login/" not in url)


def connection(page: Page) -> Locator:
    return page.locator("#connection")


def test_dina_sees_a_van_move_and_a_trip_advance_without_a_reload(
    web_server: WebServer, celery_worker_process: CeleryWorker
) -> None:
    board = open_company()
    phone = Phone(web_server.base_url, board.trip.pk)
    phone.tap("start")
    phone.stand_at(*PICKUP)
    with page_at(web_server.base_url) as (page, complaints):
        log_in(page, "dina")
        expect(connection(page)).to_have_text("live", timeout=NEAR_MS)
        page.evaluate("window.notReloaded = true")
        van = board.van.pk
        until(page, lambda: told(page, van) == "Van 1, To pick-up", "the van is on the map")
        row = page.locator(f'[data-trip="{board.trip.pk}"]')
        expect(row).to_contain_text("Pia Ek")

        until(page, lambda: spot(page, van) > (0, 0), "the van is in view")
        before = spot(page, van)
        phone.stand_at(PICKUP[0] + 0.0002, PICKUP[1] + 0.0002)
        until(page, lambda: spot(page, van) != before, "the van moves")
        phone.tap("arrive_pickup")
        expect(row).to_contain_text("At pick-up", timeout=NEAR_MS)
        until(page, lambda: hue(page, van) == "waiting", "the van's colour is its trip's")

        row.click()
        expect(page.locator("#panel")).to_contain_text("Sahlgrenska dialysis")
        assert page.evaluate("window.notReloaded")
        assert complaints.errors == []
        assert complaints.foreign_requests == []


def test_the_board_heals_itself_when_its_server_was_killed(
    web_server: WebServer, celery_worker_process: CeleryWorker
) -> None:
    board = open_company()
    with page_at(web_server.base_url) as (page, _):
        log_in(page, "dina")
        expect(connection(page)).to_have_text("live", timeout=NEAR_MS)
        row = page.locator(f'[data-trip="{board.trip.pk}"]')
        expect(row).to_contain_text("Assigned")
        page.evaluate("window.notReloaded = true")
        web_server.kill()
        expect(connection(page)).to_have_text(re.compile(r"offline since \d\d:\d\d"))
        expect(page.locator("#as-of")).to_contain_text("You see the board as of")
        web_server.start()
        Phone(web_server.base_url, board.trip.pk).tap("start")
        expect(row).to_contain_text("To pick-up", timeout=2 * NEAR_MS)
        expect(connection(page)).to_have_text("live", timeout=NEAR_MS)
        expect(page.locator("#as-of")).to_be_hidden()
        assert page.evaluate("window.notReloaded")


def test_a_tab_that_slept_while_its_server_was_restarted_is_soon_right_again(
    web_server: WebServer, celery_worker_process: CeleryWorker
) -> None:
    board = open_company()
    with page_at(web_server.base_url, webgl=False) as (page, _):
        log_in(page, "dina")
        expect(connection(page)).to_have_text("live", timeout=NEAR_MS)
        page.evaluate("window.notReloaded = true")
        asleep = page.context.new_cdp_session(page)
        asleep.send("Page.setWebLifecycleState", {"state": "frozen"})
        web_server.kill()
        web_server.start()
        Phone(web_server.base_url, board.trip.pk).tap("start")
        asleep.send("Page.setWebLifecycleState", {"state": "active"})
        row = page.locator(f'[data-trip="{board.trip.pk}"]')
        expect(row).to_contain_text("To pick-up", timeout=10_000)
        expect(connection(page)).to_have_text("live", timeout=NEAR_MS)
        assert page.evaluate("window.notReloaded")


def test_the_list_works_where_the_map_cannot_be_drawn(web_server: WebServer) -> None:
    board = open_company()
    with page_at(web_server.base_url, webgl=False) as (page, complaints):
        log_in(page, "dina")
        expect(page.locator(f'[data-trip="{board.trip.pk}"]')).to_contain_text("Pia Ek")
        expect(page.locator("#map-note")).to_be_visible()
        assert complaints.foreign_requests == []


def test_omar_is_told_that_the_board_is_not_for_drivers(web_server: WebServer) -> None:
    open_company()
    with page_at(web_server.base_url) as (page, _):
        log_in(page, "omar")
        expect(page.get_by_role("heading")).to_have_text("This page is not for your role")
        expect(page.locator("#groups")).to_have_count(0)
