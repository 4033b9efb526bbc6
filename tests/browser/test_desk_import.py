"""A manifest with a wrong row is told apart, corrected, and imported."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import FilePayload, expect

from tests.browser.axe import violations
from tests.browser.chromium import page_at
from tests.browser.test_biller import is_quiet, sign_in
from tests.browser.test_desk_new_trip import NEAR_MS, known_places
from tests.cast import Cast
from tests.fixtures_processes import CeleryWorker, WebServer
from trips.models import Trip

pytestmark = pytest.mark.django_db(transaction=True)


def manifest(second_time: str) -> FilePayload:
    day = timezone.localdate() + timedelta(days=2)
    rows = [
        "trip id,patient,pickup,dropoff,date,time",
        f"B-1,Pia Ek,Götgatan 12,Eastside Dialysis,{day},08:00",
        f"B-2,Pia Ek,Eastside Dialysis,Götgatan 12,{day},{second_time}",
    ]
    return {"name": "day.csv", "mimeType": "text/csv", "buffer": "\n".join(rows).encode()}


def test_a_wrong_row_is_corrected_and_imported(
    web_server: WebServer, celery_worker_process: CeleryWorker, cast: Cast
) -> None:
    known_places()
    with page_at(web_server.base_url, webgl=False) as (page, complaints):
        sign_in(page, "dina", "/dispatch/import/")
        page.get_by_role("button", name="Check the file").click()
        expect(page.get_by_text("Choose a file.")).to_be_visible(timeout=NEAR_MS)

        page.get_by_label("File", exact=True).set_input_files([manifest("25:00")])
        page.get_by_role("button", name="Check the file").click()
        wrong = page.locator("#error-rows tr")
        expect(wrong).to_contain_text("pickup_time", timeout=NEAR_MS)
        expect(wrong.locator("td").first).to_have_text("3")
        expect(page.get_by_role("button", name=re.compile("^Import "))).to_be_hidden()
        assert violations(page) == []
        with page.expect_download() as download:
            page.get_by_role("button", name="Download the errors").click()
        assert '"3","pickup_time"' in download.value.path().read_text("utf-8-sig")

        page.get_by_label("File", exact=True).set_input_files([manifest("12:30")])
        page.get_by_role("button", name="Check the file").click()
        expect(page.locator("#verdict")).to_contain_text("in order", timeout=NEAR_MS)
        page.get_by_role("button", name="Import 2 trips").click()
        expect(page.locator("#verdict")).to_contain_text("2 trips are on the", timeout=NEAR_MS)

        page.get_by_role("button", name="Check the file").click()
        expect(page.locator("#verdict")).to_contain_text("Nothing is new", timeout=NEAR_MS)
        expect(page.locator("#n-known")).to_have_text("2")
        assert is_quiet(complaints)
    assert sorted(Trip.objects.values_list("external_id", "status")) == [
        ("B-1", "scheduled"),
        ("B-2", "scheduled"),
    ]
