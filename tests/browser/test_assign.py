"""Dina gives trips to crews: by keyboard, by dragging, by the dozen, and second to somebody."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, Position, expect

from tests.browser.chromium import page_at
from tests.browser.company import PICKUP, Phone, open_company, person, second_crew, waiting_trip
from tests.browser.fleet import spot, until
from tests.browser.test_board import NEAR_MS, connection, log_in
from tests.fixtures_processes import CeleryWorker, WebServer
from trips.models import Trip
from users.roles import Role

pytestmark = pytest.mark.django_db(transaction=True)


def row_of(page: Page, trip: Trip) -> Locator:
    return page.locator(f'[data-trip="{trip.pk}"]')


def open_board(page: Page, username: str = "dina") -> None:
    log_in(page, username)
    expect(connection(page)).to_have_text("live", timeout=NEAR_MS)


def choice(page: Page, vehicle: str) -> Locator:
    return page.locator(".candidate", has_text=vehicle)


def test_dina_assigns_by_keyboard_and_takes_it_back(web_server: WebServer) -> None:
    trip = waiting_trip(open_company().dina)
    second_crew()
    with page_at(web_server.base_url, webgl=False) as (page, complaints):
        open_board(page)
        page.keyboard.press("/")
        page.keyboard.type("Tove")
        page.keyboard.press("ArrowDown")
        expect(row_of(page, trip)).to_be_focused()
        page.keyboard.press("a")
        expect(page.locator(".candidate").first).to_be_focused(timeout=NEAR_MS)
        choice(page, "Van 2").focus()
        page.keyboard.press("Enter")
        expect(row_of(page, trip)).to_contain_text("Van 2 · Nils")
        expect(row_of(page, trip)).to_contain_text(re.compile("Assigned$|Assigned[^·]"))
        expect(page).to_have_url(re.compile(rf"\?q=Tove&trip={trip.pk}$"))
        page.get_by_role("button", name="Undo", exact=True).click()
        expect(row_of(page, trip)).to_contain_text("Scheduled", timeout=NEAR_MS)
        expect(row_of(page, trip)).not_to_contain_text("Van 2")
        assert [error for error in complaints.errors if "WebGL" not in error] == []


def test_dina_drags_a_trip_onto_a_van_and_sees_it_move(
    web_server: WebServer, celery_worker_process: CeleryWorker
) -> None:
    board = open_company()
    trip = waiting_trip(board.dina)
    phone = Phone(web_server.base_url, board.trip.pk)
    phone.tap("start")
    phone.stand_at(*PICKUP)
    with page_at(web_server.base_url) as (page, complaints):
        open_board(page)
        van = board.van.pk
        until(page, lambda: spot(page, van) > (0, 0), "the van is in view")
        before = spot(page, van)
        drop_at: Position = {"x": before[0] + 9, "y": before[1] - 9}
        row_of(page, trip).drag_to(page.locator("#map"), target_position=drop_at)
        expect(row_of(page, trip)).to_contain_text("Van 1 · Omar", timeout=NEAR_MS)
        phone.stand_at(PICKUP[0] + 0.0002, PICKUP[1] + 0.0002)
        until(page, lambda: spot(page, van) != before, "the van moves")
        assert complaints.errors == []
        assert complaints.foreign_requests == []


def test_who_comes_second_sees_what_is_and_what_was(web_server: WebServer) -> None:
    trip = waiting_trip(open_company().dina)
    second_crew()
    person("dora", "Dora", Role.DISPATCHER)
    with page_at(web_server.base_url, webgl=False) as (page, _):
        open_board(page)
        row_of(page, trip).click()
        page.keyboard.press("a")
        expect(choice(page, "Van 1")).to_be_visible(timeout=NEAR_MS)
        assert page.context.browser is not None
        other = page.context.browser.new_page(base_url=web_server.base_url)
        open_board(other, "dora")
        row_of(other, trip).click()
        other.keyboard.press("a")
        choice(other, "Van 2").click(timeout=NEAR_MS)
        expect(other.locator(".toast")).to_contain_text("Assigned: Van 2", timeout=NEAR_MS)

        choice(page, "Van 1").click()
        dialog = page.get_by_role("dialog", name="Somebody else was first")
        expect(dialog).to_contain_text("Van 1 with Omar")
        expect(dialog.get_by_role("row", name=re.compile("^Vehicle"))).to_contain_text("noneVan 2")
        dialog.get_by_role("button", name="Leave it as it is").click()
        expect(row_of(page, trip)).to_contain_text("Van 2 · Nils", timeout=NEAR_MS)


def test_dina_is_told_why_no_van_can_take_a_trip(web_server: WebServer) -> None:
    trip = waiting_trip(open_company().dina)
    Trip.objects.filter(pk=trip.pk).update(mobility="stretcher")
    with page_at(web_server.base_url, webgl=False) as (page, _):
        open_board(page)
        row_of(page, trip).click()
        page.get_by_role("button", name="Assign…").click()
        panel = page.locator("#panel")
        expect(panel).to_contain_text("No vehicle can take this trip", timeout=NEAR_MS)
        expect(panel.locator(".refused")).to_contain_text("Van 1 cannot carry stretcher.")


def test_dina_has_picked_trips_assigned(
    web_server: WebServer, celery_worker_process: CeleryWorker
) -> None:
    dina = open_company().dina
    trips = [waiting_trip(dina, "Tove Lind", 3), waiting_trip(dina, "Ulf Ask", 5)]
    with page_at(web_server.base_url, webgl=False) as (page, _):
        open_board(page)
        for trip in trips:
            row_of(page, trip).focus()
            page.keyboard.press("x")
        expect(page.locator("#bulk")).to_contain_text("2 trips picked")
        page.get_by_role("button", name="Assign automatically").click()
        for trip in trips:
            expect(row_of(page, trip)).to_contain_text("Van 1 · Omar", timeout=2 * NEAR_MS)
        expect(page.locator("#bulk")).to_be_hidden(timeout=NEAR_MS)
