"""Dina changes a trip, and sees what somebody else has changed meanwhile."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.chromium import page_at
from tests.browser.test_biller import sign_in
from tests.browser.test_desk_new_trip import NEAR_MS, field
from tests.cast import Cast
from tests.fixtures_processes import WebServer
from trips.models import Trip

pytestmark = pytest.mark.django_db(transaction=True)


def test_who_comes_second_sees_both_and_decides(web_server: WebServer, cast: Cast) -> None:
    trip = cast.trip_in("scheduled")
    with page_at(web_server.base_url, webgl=False) as (page, complaints):
        sign_in(page, "dina", f"/dispatch/?trip={trip.pk}")
        page.get_by_role("link", name="Edit", exact=True).click(timeout=NEAR_MS)
        expect(field(page, "Pick-up")).to_have_value("Götgatan 12", timeout=NEAR_MS)
        assert violations(page) == []

        assert page.context.browser is not None
        other = page.context.browser.new_page(base_url=web_server.base_url)
        sign_in(other, "ada", f"/dispatch/trips/{trip.pk}/edit/")
        other.get_by_label("Notes").fill("Ring twice", timeout=NEAR_MS)
        other.get_by_role("button", name="Save changes").click()
        expect(other).to_have_url(re.compile(rf"/dispatch/\?.*trip={trip.pk}"), timeout=NEAR_MS)

        page.get_by_label("Escorts").fill("1")
        page.get_by_label("Authorization number").fill("PA-9")
        page.get_by_role("button", name="Save changes").click()
        dialog = page.get_by_role("dialog", name="Somebody else was first")
        notes = dialog.get_by_role("row", name=re.compile("^Notes"))
        expect(notes).to_contain_text("Ring twice", timeout=NEAR_MS)
        expect(dialog).to_contain_text("Escorts, Authorization number")
        dialog.get_by_role("button", name="Do it all the same").click()
        expect(page).to_have_url(re.compile(rf"/dispatch/\?.*trip={trip.pk}"), timeout=NEAR_MS)
        errors = [text for text in complaints.errors if not re.search("409|WebGL", text)]
        assert errors == []
        assert complaints.foreign_requests == []
    now = Trip.objects.get(pk=trip.pk)
    assert (now.notes, now.escorts, now.authorization_number) == ("Ring twice", 1, "PA-9")


def test_what_may_not_be_changed_cannot_be_typed(web_server: WebServer, cast: Cast) -> None:
    aboard, over = cast.trip_in("in_progress"), cast.trip_in("rejected")
    with page_at(web_server.base_url, webgl=False) as (page, _):
        sign_in(page, "dina", f"/dispatch/trips/{aboard.pk}/edit/")
        expect(field(page, "Drop-off")).to_be_enabled(timeout=NEAR_MS)
        expect(field(page, "Pick-up")).to_be_disabled()
        expect(page.get_by_label("Level of service")).to_be_disabled()
        page.goto(f"/dispatch/trips/{over.pk}/edit/")
        closed = page.get_by_text("nothing of this trip can be changed")
        expect(closed).to_be_visible(timeout=NEAR_MS)
        expect(page.get_by_role("button", name="Save changes")).to_be_disabled()
