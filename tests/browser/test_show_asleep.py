"""A laptop lid closed for an hour while the server was killed: right again, without a reload."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import page_at
from tests.browser.company import Phone, open_company
from tests.browser.test_board import connection, log_in
from tests.fixtures_processes import CeleryWorker, WebServer

pytestmark = pytest.mark.django_db(transaction=True)
SOON_MS = 30_000


def test_an_hour_passes_in_a_closed_laptop_and_the_board_is_right_again(
    web_server: WebServer, celery_worker_process: CeleryWorker
) -> None:
    board = open_company()
    with page_at(web_server.base_url, webgl=False) as (page, complaints):
        page.clock.install()
        log_in(page, "dina")
        expect(connection(page)).to_have_text("live", timeout=SOON_MS)
        page.evaluate("window.notReloaded = true")
        web_server.restart()
        phone = Phone(web_server.base_url, board.trip.pk)
        for action in ("start", "arrive_pickup", "pick_up"):
            phone.tap(action)
        page.clock.fast_forward("01:00:00")
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        row = page.locator(f'[data-trip="{board.trip.pk}"]')
        expect(row).to_contain_text("Aboard", timeout=SOON_MS)
        expect(connection(page)).to_have_text("live", timeout=SOON_MS)
        expect(page.locator("#as-of")).to_be_hidden()
        assert page.evaluate("window.notReloaded")
        assert complaints.foreign_requests == []
