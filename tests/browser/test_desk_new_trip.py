"""Dina books a trip: by keyboard alone, with its price and its twin shown before."""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import violations
from tests.browser.chromium import page_at
from tests.browser.test_biller import is_quiet, sign_in
from tests.cast import DROPOFF, PICKUP, Cast
from tests.fixtures_processes import WebServer
from trips import places
from trips.models import Patient, Trip

pytestmark = pytest.mark.django_db(transaction=True)
NEAR_MS = 30_000


def known_places() -> None:
    places.pick(facility_id=None, address="Götgatan 12", point=PICKUP)
    places.pick(facility_id=None, address="Eastside Dialysis", point=DROPOFF)


def field(page: Page, label: str) -> Locator:
    """A field that suggests."""
    return page.get_by_role("combobox", name=label, exact=True)


def choose(page: Page, label: str, typed: str, option: str) -> None:
    """Type into a field that suggests, and take the suggestion by the keyboard."""
    field(page, label).fill(typed)
    expect(page.get_by_role("option").first).to_contain_text(option, timeout=NEAR_MS)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(field(page, label)).to_have_value(option, timeout=NEAR_MS)


def tomorrow() -> str:
    return f"{timezone.localdate() + timedelta(days=1)}"


def test_dina_books_there_and_back_by_keyboard(web_server: WebServer, cast: Cast) -> None:
    known_places()
    with page_at(web_server.base_url, webgl=False) as (page, complaints):
        sign_in(page, "dina", "/dispatch/")
        expect(page.locator("#connection")).to_have_text("live", timeout=NEAR_MS)
        page.keyboard.press("n")
        expect(field(page, "Patient")).to_be_focused(timeout=NEAR_MS)

        page.keyboard.press("Control+Enter")
        missing = page.get_by_text("Choose a patient, or add a new one.")
        expect(missing).to_be_visible(timeout=NEAR_MS)
        expect(field(page, "Patient")).to_be_focused()
        assert violations(page) == []

        choose(page, "Patient", "pia", "Pia Ek")
        home = field(page, "Pick-up")
        expect(home).to_have_value("Götgatan 12", timeout=NEAR_MS)
        choose(page, "Drop-off", "eastside", "Eastside Dialysis")
        expect(page.locator("#quote tfoot")).to_contain_text("Total", timeout=NEAR_MS)
        page.get_by_label("Day").fill(tomorrow())
        page.get_by_label("Pick-up time").fill("08:00")
        page.get_by_label("Appointment").fill("08:45")
        page.get_by_label("Way back", exact=True).select_option("timed")
        page.get_by_label("Pick-up for the way back").fill("08:30")
        page.get_by_label("Level of service").select_option("wheelchair")
        page.get_by_label("Oxygen").check()
        page.get_by_label("Patient's own part").fill("3,50")
        page.keyboard.press("Control+Enter")
        wrong = page.get_by_label("Pick-up for the way back")
        expect(wrong).to_have_attribute("aria-invalid", "true", timeout=NEAR_MS)
        expect(wrong).to_be_focused()
        wrong.fill("12:00")
        assert violations(page) == []
        page.keyboard.press("Control+Enter")
        expect(page).to_have_url(re.compile(r"/dispatch/\?.*trip=\d+"), timeout=NEAR_MS)
        expect(page.locator("#panel")).to_contain_text("Pia Ek", timeout=NEAR_MS)
        errors = [text for text in complaints.errors if "400" not in text and "WebGL" not in text]
        assert errors == []
        assert complaints.foreign_requests == []
    there, back = Trip.objects.order_by("pk")
    assert (there.status, there.mobility, there.needs) == ("scheduled", "wheelchair", ["oxygen"])
    assert there.copay_cents == 350
    assert there.scheduled_at is not None
    assert there.scheduled_at.astimezone(ZoneInfo("Europe/Stockholm")).strftime("%H:%M") == "08:00"
    assert (back.return_of_id, back.pickup_address) == (there.pk, "Eastside Dialysis")


def test_a_new_patient_and_a_pin_and_the_twin(web_server: WebServer, cast: Cast) -> None:
    known_places()
    with page_at(web_server.base_url) as (page, complaints):
        sign_in(page, "dina", "/dispatch/trips/new/")
        field(page, "Patient").fill("Tove Lind")
        page.get_by_role("option", name=re.compile("Add “Tove Lind”")).click(timeout=NEAR_MS)
        dialog = page.get_by_role("dialog", name="New patient")
        dialog.get_by_label("Mail").fill("not a mail")
        dialog.get_by_role("button", name="Add patient").click()
        wrong = dialog.get_by_label("Mail")
        expect(wrong).to_have_attribute("aria-invalid", "true", timeout=NEAR_MS)
        assert violations(page) == []
        dialog.get_by_label("Mail").fill("tove@home.invalid")
        dialog.get_by_role("button", name="Add patient").click()
        expect(dialog).to_be_hidden(timeout=NEAR_MS)

        choose(page, "Pick-up", "götg", "Götgatan 12")
        field(page, "Drop-off").fill("Behind the hospital")
        expect(page.locator(".pin-map canvas")).to_be_visible(timeout=NEAR_MS)
        page.locator(".pin-map canvas").click(position={"x": 150, "y": 120})
        expect(page.locator("[data-letter=B].pin")).to_be_visible(timeout=NEAR_MS)
        expect(page.get_by_text("pinned by you")).to_be_visible()
        page.get_by_label("Day").fill(tomorrow())
        page.get_by_label("Pick-up time").fill("09:00")
        page.get_by_role("button", name="Book, and another").click()
        expect(page.get_by_text(re.compile(r"Trip \d+ is booked"))).to_be_visible(timeout=NEAR_MS)

        choose(page, "Patient", "tove", "Tove Lind")
        page.get_by_label("Pick-up time").fill("09:20")
        twin = page.locator("#twins a")
        expect(twin).to_contain_text("to Behind the hospital", timeout=NEAR_MS)
        page.get_by_label("Pick-up time").fill("15:00")
        expect(twin).to_be_hidden(timeout=NEAR_MS)
        assert [text for text in complaints.errors if "400" not in text] == []
        assert complaints.foreign_requests == []
    trip = Trip.objects.get()
    assert trip.patient == Patient.objects.get(name="Tove Lind")
    # The pin is in the address book now.
    [found] = places.suggest(user=cast.dina, words="behind the hospital")
    assert found.origin == "picked"
    assert (found.latitude, found.longitude) == (trip.dropoff_latitude, trip.dropoff_longitude)


def test_the_way_back_of_a_trip_waits_for_a_call(web_server: WebServer, cast: Cast) -> None:
    trip = cast.trip_in("scheduled")
    with page_at(web_server.base_url, webgl=False) as (page, complaints):
        sign_in(page, "dina", f"/dispatch/?trip={trip.pk}")
        page.get_by_role("link", name="Book the way back").click(timeout=NEAR_MS)
        expect(field(page, "Pick-up")).to_have_value("Eastside Dialysis", timeout=NEAR_MS)
        expect(page.locator("#return-of")).to_contain_text(f"way back of trip {trip.pk}")
        page.get_by_role("button", name="Book, and another").click()
        expect(page.get_by_text(re.compile(r"Trip \d+ is booked"))).to_be_visible(timeout=NEAR_MS)
        # The next trip is nobody's way back.
        expect(page.locator("#return-of")).to_be_hidden()
        expect(page.get_by_label("Way back", exact=True)).to_be_visible()
        expect(page).to_have_url(re.compile(r"/trips/new/$"))
        assert is_quiet(complaints) or all("WebGL" in text for text in complaints.errors)
    back = Trip.objects.get(return_of=trip)
    assert (back.status, back.scheduled_at) == ("will_call", None)
