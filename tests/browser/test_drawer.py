"""What stands behind a trip on the board: its story, its messages, its price, what may be done."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from billing.models import Rate
from tests.browser.chromium import page_at
from tests.browser.company import Phone, open_company
from tests.browser.test_assign import open_board, row_of
from tests.browser.test_board import NEAR_MS
from tests.fixtures_processes import CeleryWorker, WebServer

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_drawer_tells_the_story_and_does_the_next_step(
    web_server: WebServer, celery_worker_process: CeleryWorker
) -> None:
    board = open_company()
    Rate.objects.update_or_create(
        mobility="ambulatory",
        payer=None,
        valid_from="2020-01-01",
        defaults={"base_cents": 2_500, "mile_cents": 250},
    )
    Phone(web_server.base_url, board.trip.pk).tap("pick_up")
    with page_at(web_server.base_url, webgl=False) as (page, _):
        open_board(page)
        row_of(page, board.trip).click()
        panel = page.locator("#panel")
        happening = panel.locator(".story li")
        expect(happening.first).to_contain_text("Aboard", timeout=NEAR_MS)
        expect(happening.first).to_contain_text("Omar")
        expect(happening.nth(1)).to_contain_text("inferred: nobody tapped it")
        page.get_by_role("tab", name="Messages").click()
        expect(panel.locator(".notices")).to_contain_text("Trip assigned", timeout=NEAR_MS)
        page.get_by_role("tab", name="Price").click()
        expect(panel.locator(".price tfoot")).to_contain_text("Total", timeout=NEAR_MS)

        page.get_by_role("button", name="At drop-off").click()
        page.get_by_label("Reason").fill("Omar called")
        page.get_by_role("dialog").get_by_role("button", name="At drop-off").click()
        expect(row_of(page, board.trip)).to_contain_text("At drop-off", timeout=NEAR_MS)
        page.get_by_role("tab", name="History").click()
        expect(happening.first).to_contain_text("Omar called", timeout=NEAR_MS)


def test_a_link_is_a_saved_view(web_server: WebServer) -> None:
    board = open_company()
    with page_at(web_server.base_url, webgl=False) as (page, _):
        open_board(page)
        page.goto(f"/dispatch/?view=assigned&q=pia&trip={board.trip.pk}")
        expect(page.locator("#panel")).to_contain_text("Pia Ek", timeout=NEAR_MS)
        expect(page.get_by_label("Search trips")).to_have_value("pia")
        expect(page.locator('[data-view="assigned"]')).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("Escape")
        expect(page.locator("#panel")).to_be_hidden()
        page.locator('[data-view="will_call"]').click()
        expect(page.locator("#empty")).to_contain_text("No trip matches “pia”")
