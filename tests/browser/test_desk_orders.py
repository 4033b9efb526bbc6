"""Dina makes a standing order, leaves out a day, pauses and changes it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.chromium import page_at
from tests.browser.test_biller import sign_in
from tests.browser.test_desk_new_trip import NEAR_MS, choose, known_places
from tests.cast import Cast
from tests.fixtures_processes import WebServer
from trips.models import Holiday, StandingOrder, Trip

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_order_is_made_paused_and_changed(web_server: WebServer, cast: Cast) -> None:
    known_places()
    today = timezone.localdate()
    Holiday.objects.create(day=today + timedelta(days=3), name="A day off")
    with page_at(web_server.base_url, webgl=False) as (page, complaints):
        sign_in(page, "dina", "/dispatch/standing-orders/")
        expect(page.get_by_text("No standing orders here")).to_be_visible(timeout=NEAR_MS)
        assert violations(page) == []
        page.get_by_role("link", name="New standing order").first.click()
        choose(page, "Patient", "pia", "Pia Ek")
        choose(page, "Drop-off", "eastside", "Eastside Dialysis")
        page.get_by_label("Comes again").select_option("DAILY")
        page.get_by_label("First day").fill(f"{today + timedelta(days=1)}")
        page.get_by_label("Pick-up time").fill("06:30")
        page.get_by_label("Way back", exact=True).select_option("will_call")
        page.get_by_label("Not on holidays").check()
        words = page.locator("#rhythm")
        expect(words).to_contain_text("every day at 06:30, back by will-call", timeout=NEAR_MS)
        expect(page.locator('[data-held="holiday"]')).to_contain_text("holiday", timeout=NEAR_MS)
        assert violations(page) == []
        page.get_by_role("button", name="Make the order").click()

        expect(page).to_have_url(re.compile(r"/standing-orders/\d+/$"), timeout=NEAR_MS)
        expect(page.locator("#state")).to_have_text("Active", timeout=NEAR_MS)
        expect(page.locator("#days-rows a").first).to_be_visible()
        page.get_by_role("button", name="Leave out").first.click()
        page.get_by_role("dialog").get_by_role("button", name="Leave out").click()
        again = page.get_by_role("button", name="Drive after all")
        expect(again).to_be_visible(timeout=NEAR_MS)
        again.click()
        expect(again).to_be_hidden(timeout=NEAR_MS)

        page.get_by_role("button", name="Pause…").click()
        dialog = page.get_by_role("dialog", name="Pause the order")
        dialog.get_by_label("Reason").fill("hospital")
        dialog.get_by_role("button", name="Pause").click()
        expect(page.locator("#state")).to_have_text("Paused", timeout=NEAR_MS)
        expect(page.locator("#pauses")).to_contain_text("hospital")
        page.get_by_role("button", name="Resume…").click()
        page.get_by_role("dialog").get_by_role("button", name="Resume").click()
        expect(page.locator("#state")).to_have_text("Active", timeout=NEAR_MS)

        page.get_by_text("Change this and the following days").click()
        page.get_by_label("The change holds from").fill(f"{today + timedelta(days=5)}")
        page.get_by_label("Pick-up time").fill("07:15")
        assert violations(page) == []
        page.get_by_role("button", name="Change the order").click()
        expect(words).to_contain_text("at 07:15", timeout=NEAR_MS)
        page.get_by_role("link", name="Standing orders").click()
        expect(page.locator("#rows tr")).to_have_count(2, timeout=NEAR_MS)
        assert [text for text in complaints.errors if "WebGL" not in text] == []
        assert complaints.foreign_requests == []
    old, new = StandingOrder.objects.order_by("pk")
    assert (new.series_id, f"{new.pickup_time:%H:%M}") == (old.pk, "07:15")
    open_trips = Trip.objects.exclude(status="cancelled")
    assert set(open_trips.values_list("leg", flat=True)) == {"outbound", "return"}
