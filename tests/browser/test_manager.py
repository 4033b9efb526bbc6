"""Dina looks at how the company drives; the charts are there without a script."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.chromium import page_at
from tests.browser.test_biller import is_quiet, sign_in
from tests.cast import Cast
from tests.fixtures_processes import WebServer
from trips.models import DayReport
from trips.queries import company_day

pytestmark = pytest.mark.django_db(transaction=True)


def test_dina_sees_charts_and_takes_the_numbers_with_her(web_server: WebServer, cast: Cast) -> None:
    now = timezone.now()
    for n in range(10):
        DayReport.objects.create(
            day=company_day(now) - timedelta(days=n),
            computed_at=now,
            trips=40 + n,
            completed=36,
            no_shows=n,
            pickups_due=40,
            pickups_on_time=40 - n,
        )
    with page_at(web_server.base_url, webgl=False) as (page, complaints):
        sign_in(page, "dina", "/manage/")
        chart = page.get_by_role("img", name="Trips and how they ended")
        assert chart.locator("rect[data-hue=aboard]").count() == 10
        expect(page.get_by_role("img", name="Pick-ups on time").locator(".stroke")).to_have_count(1)
        page.get_by_role("link", name="7 days").click()
        expect(page.get_by_role("link", name="7 days")).to_have_attribute("aria-current", "true")
        expect(chart.locator(".place")).to_have_count(7)
        with page.expect_download() as download:
            page.get_by_role("link", name="Download CSV").click()
        assert download.value.suggested_filename.startswith("daily-")
        page.set_viewport_size({"width": 390, "height": 800})
        width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(width) == 0
        assert is_quiet(complaints)
