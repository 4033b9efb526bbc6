"""The day on paper: who rides with whom, when and where, also when the system is down."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.browser.chromium import page_at
from tests.cast import PASSWORD, Cast
from tests.fixtures_processes import WebServer
from trips.models import Patient, Trip
from users.models import User

pytestmark = pytest.mark.django_db

ZONE = ZoneInfo("Europe/Stockholm")
TOMORROW = (timezone.now().astimezone(ZONE) + timedelta(days=1)).date()


def at(clock: str) -> datetime:
    return datetime.combine(TOMORROW, datetime.strptime(clock, "%H:%M").time(), ZONE)


def client(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def page(user: User, query: str = f"?date={TOMORROW}") -> str:
    answer = client(user).get(f"/dispatch/manifest/{query}")
    assert answer.status_code == 200, answer.content
    return " ".join(answer.content.decode().split())


def trip_at(cast: Cast, clock: str, status: str = "assigned", **fields: object) -> Trip:
    trip = cast.trip_in(status, **fields)
    Trip.objects.filter(pk=trip.pk).update(scheduled_at=at(clock))
    return trip


def sections(html: str) -> dict[str, str]:
    """{heading: the sheet's text}"""
    found = re.findall(r"<section class=\"sheet\".*?</section>", html)
    heads = [re.search(r"<h1[^>]*>(.*?)</h1>", one) for one in found]
    return {head[1]: one for head, one in zip(heads, found, strict=True) if head}


def test_omars_sheet_has_all_that_his_day_needs(cast: Cast) -> None:
    Patient.objects.update(phone="+46 8 123")
    trip_at(
        cast,
        "08:30",
        mobility="wheelchair",
        needs=["oxygen"],
        escorts=1,
        notes="Ring <twice>",
        appointment_at=at("09:15"),
        facility=cast.facility,
    )
    sheet = sections(page(cast.dina))["Omar"]
    for told in (
        "08:30",
        "appt 09:15",
        "Pia Ek",
        "+46 8 123",
        "Wheelchair",
        "oxygen",
        "1 escort",
        "Ring &lt;twice&gt;",
        "Götgatan 12",
        "Eastside Dialysis",
        "Van 1",
        "Odometer at start",
        "Rider's signature",
    ):
        assert told in sheet, told


def test_trips_are_in_order_of_time_and_of_this_day_only(cast: Cast) -> None:
    late, early = trip_at(cast, "15:00"), trip_at(cast, "07:10")
    today = cast.trip_in("assigned")
    shown = re.findall(r"no\. (\d+)", sections(page(cast.dina))["Omar"])
    assert shown == [str(early.pk), str(late.pk)]
    assert str(today.pk) not in shown


def test_each_driver_has_a_sheet_and_what_nobody_drives_is_on_the_last(cast: Cast) -> None:
    trip_at(cast, "09:00")
    eves = cast.give_to_eve(cast.trip_in("scheduled"))
    Trip.objects.filter(pk=eves.pk).update(scheduled_at=at("10:00"))
    open_ = trip_at(cast, "11:00", "scheduled")
    parked = cast.trip_in("will_call", return_of=open_)
    elsewhere = cast.trip_in("will_call", return_of=cast.trip_in("assigned"))
    ended = trip_at(cast, "12:00", "cancelled")
    sheets = sections(page(cast.dina))
    assert list(sheets) == ["Eve", "Omar", "Dispatch"]
    unassigned, _, will_call = sheets["Dispatch"].partition("Will-calls")
    assert f"no. {open_.pk}<" in unassigned
    assert f"no. {parked.pk}<" in will_call
    assert f"no. {elsewhere.pk}<" not in will_call
    assert all(f"no. {ended.pk}<" not in sheet for sheet in sheets.values())
    assert "1 trip of the day ended" in sheets["Dispatch"]


def test_one_drivers_sheet_is_printed_alone(cast: Cast) -> None:
    trip_at(cast, "09:00")
    trip_at(cast, "11:00", "scheduled")
    assert list(sections(page(cast.dina, f"?date={TOMORROW}&driver={cast.driver.pk}"))) == ["Omar"]


def test_an_empty_day_says_so(cast: Cast) -> None:
    sheets = sections(page(cast.dina))
    assert list(sheets) == ["Dispatch"]
    assert sheets["Dispatch"].count("None.") == 2
    assert list(sections(page(cast.dina, ""))) == ["Dispatch"]


def test_it_says_who_printed_it_and_when(cast: Cast) -> None:
    now = timezone.now().astimezone(ZONE)
    assert f"Printed {now:%Y-%m-%d}" in page(cast.dina)
    assert "by Dina · times of Europe/Stockholm" in page(cast.dina)


def test_only_who_dispatches_reads_it(cast: Cast) -> None:
    for user in (cast.omar, cast.eve, cast.pia, cast.hugo, cast.bea):
        assert client(user).get("/dispatch/manifest/").status_code == 403, user
    assert client(cast.ada).get("/dispatch/manifest/").status_code == 200
    answer = Client().get("/dispatch/manifest/")
    assert (answer.status_code, "/accounts/login/" in answer["Location"]) == (302, True)


@pytest.mark.parametrize(
    "query",
    ["?date=tomorrow", "?date=0001-01-01", "?date=9999-12-31", "?driver=omar", "?date=2026-02-30"],
)
def test_nonsense_is_told_so(cast: Cast, query: str) -> None:
    assert client(cast.dina).get(f"/dispatch/manifest/{query}").status_code == 400


@pytest.mark.parametrize("driver", ["999999", "9" * 40, "-1"])
def test_a_driver_who_is_none_has_no_sheet(cast: Cast, driver: str) -> None:
    assert list(sections(page(cast.dina, f"?driver={driver}"))) == ["Dispatch"]


def test_the_number_of_statements_does_not_grow_with_the_day(cast: Cast) -> None:
    def statements() -> int:
        browser = client(cast.dina)
        with CaptureQueriesContext(connection) as queries:
            browser.get(f"/dispatch/manifest/?date={TOMORROW}")
        return len(queries)

    def everything() -> None:
        eves = cast.give_to_eve(cast.trip_in("scheduled"))
        Trip.objects.filter(pk=eves.pk).update(scheduled_at=at("10:00"))
        trip_at(cast, "09:00", facility=cast.facility)
        cast.trip_in("will_call", return_of=trip_at(cast, "11:00", "scheduled"))

    everything()
    few = statements()
    for _ in range(3):
        everything()
    assert statements() == few


def test_it_holds_no_script_or_style_of_its_own(cast: Cast) -> None:
    trip_at(cast, "09:00")
    html = page(cast.dina)
    assert "<style" not in html
    assert not re.search(r"\s(style|on\w+)=", html)
    assert re.findall(r"<script[^>]*>(.*?)</script>", html) == [""]
    assert "no-store" in client(cast.dina).get("/dispatch/manifest/")["Cache-Control"]


@pytest.mark.django_db(transaction=True)
def test_each_driver_is_a_page_of_paper(cast: Cast, web_server: WebServer) -> None:
    trip_at(cast, "09:00")
    eves = cast.give_to_eve(cast.trip_in("scheduled"))
    Trip.objects.filter(pk=eves.pk).update(scheduled_at=at("10:00"))
    with page_at(web_server.base_url) as (browser, complaints):
        browser.goto(f"/dispatch/manifest/?date={TOMORROW}")
        browser.fill("[name=username]", "dina")
        browser.fill("[name=password]", PASSWORD)
        browser.click("button[type=submit]")
        browser.wait_for_selector(".sheet")
        assert browser.locator("#print").is_visible()
        papers = [browser.pdf(format=size) for size in ("A4", "Letter")]
        assert complaints.errors == []
        assert complaints.foreign_requests == []
    assert [len(re.findall(rb"/Type\s*/Page\b", paper)) for paper in papers] == [3, 3]
