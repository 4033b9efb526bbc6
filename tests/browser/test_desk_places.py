"""Dina puts an address right, and the next trip begins there."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.chromium import page_at
from tests.browser.test_biller import is_quiet, sign_in
from tests.browser.test_desk_new_trip import NEAR_MS, choose, known_places
from tests.cast import Cast
from tests.fixtures_processes import WebServer
from trips import places

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_corrected_point_is_suggested_from_then_on(web_server: WebServer, cast: Cast) -> None:
    known_places()
    with page_at(web_server.base_url) as (page, complaints):
        sign_in(page, "dina", "/dispatch/places/")
        row = page.locator(".place-row", has_text="Götgatan 12")
        expect(row).to_contain_text("pinned", timeout=NEAR_MS)
        page.get_by_label("Search places").fill("moon")
        expect(page.get_by_text("No such place")).to_be_visible(timeout=NEAR_MS)
        page.get_by_label("Search places").fill("götg")
        row.click(timeout=NEAR_MS)
        expect(page.locator(".pin")).to_be_visible(timeout=NEAR_MS)
        assert violations(page) == []
        page.get_by_label("Latitude").fill("57.7")
        page.get_by_label("Longitude").fill("")
        page.get_by_role("button", name="Save the point").click()
        expect(page.get_by_text("Put the pin on the map, or type")).to_be_visible(timeout=NEAR_MS)
        page.get_by_label("Longitude").fill("11.95")
        page.get_by_role("button", name="Save the point").click()
        expect(page.get_by_text("The point is kept.")).to_be_visible(timeout=NEAR_MS)

        page.get_by_role("link", name="New trip").click()
        choose(page, "Pick-up", "götg", "Götgatan 12")
        expect(page.locator("#f-pickup-latitude")).to_have_value("57.7")
        assert is_quiet(complaints)
    [found] = places.suggest(user=cast.dina, words="götgatan")
    assert (found.latitude, found.longitude) == (57.7, 11.95)
