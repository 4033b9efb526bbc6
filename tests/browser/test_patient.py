"""Pia's screens: her ride live behind a link, with and without JavaScript, and her own pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.browser.chromium import page_at
from tests.browser.company import PASSWORD, PICKUP, Phone, booking, open_company, person
from tests.browser.test_board import NEAR_MS
from tests.fixtures_processes import CeleryWorker, WebServer
from trips import links
from trips.models import Patient, Trip
from trips.services import book_trip
from users.models import User
from users.roles import Role

pytestmark = pytest.mark.django_db(transaction=True)


def will_call(user: User, return_of: Trip) -> Trip:
    fields = booking(return_of.patient) | {
        "status": "will_call",
        "scheduled_at": None,
        "return_of": return_of,
    }
    return book_trip(user=user, fields=fields)


def headline(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text, timeout=NEAR_MS)


def test_pia_sees_her_driver_come_and_arrive_without_a_reload(
    web_server: WebServer, celery_worker_process: CeleryWorker
) -> None:
    board = open_company()
    phone = Phone(web_server.base_url, board.trip.pk)
    phone.tap("start")
    phone.stand_at(PICKUP[0] - 0.004, PICKUP[1] - 0.01)
    signed = links.sign(board.trip.pk)
    with page_at(web_server.base_url) as (page, complaints):
        page.set_viewport_size({"width": 390, "height": 844})
        page.goto(f"/track/{signed}/")
        headline(page, "Your driver is on the way")
        page.evaluate("window.notReloaded = true")
        van = page.locator(".track-van")
        expect(van).to_be_visible(timeout=NEAR_MS)
        before = van.get_attribute("style") or ""
        phone.stand_at(PICKUP[0] - 0.0038, PICKUP[1] - 0.01)
        expect(van).not_to_have_attribute("style", before, timeout=NEAR_MS)
        phone.tap("arrive_pickup")
        headline(page, "Your driver is here")
        phone.tap("pick_up")
        phone.tap("arrive_dropoff")
        phone.tap("complete")
        headline(page, "The trip is complete")
        expect(page.locator("#map")).to_be_hidden(timeout=NEAR_MS)
        assert page.evaluate("window.notReloaded")
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not page.evaluate(wide)
        assert complaints.errors == []
        assert complaints.foreign_requests == []


def test_without_webgl_the_words_are_live_all_the_same(
    web_server: WebServer, celery_worker_process: CeleryWorker
) -> None:
    board = open_company()
    phone = Phone(web_server.base_url, board.trip.pk)
    phone.tap("start")
    phone.stand_at(*PICKUP)
    signed = links.sign(board.trip.pk)
    with page_at(web_server.base_url, webgl=False) as (page, _complaints):
        page.goto(f"/track/{signed}/")
        expect(page.locator("#map")).to_have_count(0, timeout=NEAR_MS)
        phone.tap("arrive_pickup")
        headline(page, "Your driver is here")


def test_a_link_ends_an_hour_after_the_ride(web_server: WebServer) -> None:
    board = open_company()
    over = timezone.now() - timedelta(minutes=61)
    Trip.objects.filter(pk=board.trip.pk).update(status="completed", state_since=over)
    signed = links.sign(board.trip.pk)
    with page_at(web_server.base_url) as (page, complaints):
        page.goto(f"/track/{signed}/")
        headline(page, "This link shows nothing any more")
        assert complaints.foreign_requests == []


def test_without_javascript_the_page_renews_itself_and_the_button_works(
    web_server: WebServer,
) -> None:
    board = open_company()
    trip = will_call(board.dina, board.trip)
    signed = links.sign(trip.pk)
    with page_at(web_server.base_url) as (first, _complaints):
        browser = first.context.browser
        assert browser is not None
        plain = browser.new_context(base_url=web_server.base_url, java_script_enabled=False)
        page = plain.new_page()
        page.goto(f"/track/{signed}/")
        assert page.locator('meta[http-equiv="refresh"]').count() == 1
        page.get_by_role("button", name="I am ready").click()
        headline(page, "Your trip is booked")
        expect(page.get_by_role("button", name="I am ready")).to_have_count(0)


def test_pia_signs_in_books_and_finds_her_trip(web_server: WebServer) -> None:
    open_company()
    Patient.objects.update(user=person("pia", "Pia", Role.PATIENT))
    tomorrow = (timezone.now() + timedelta(days=1)).strftime("%Y-%m-%dT09:30")
    with page_at(web_server.base_url) as (page, complaints):
        page.goto("/")
        page.get_by_label("User name").fill("pia")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/login/" not in url)
        headline(page, "Your trips")
        page.get_by_role("navigation").get_by_role("link", name="Book a trip").click()
        page.get_by_label("From (address)").fill("Sahlgrenska dialysis")
        page.get_by_label("To (address)").fill("götgatan 12")
        page.get_by_label("Pick-up time").fill(tomorrow)
        page.get_by_role("button", name="Ask for this trip").click()
        headline(page, "Your trip is requested")
        page.get_by_role("link", name="Your trips").click()
        expect(page.locator(".rides li")).to_have_count(2)
        assert complaints.errors == []
        assert complaints.foreign_requests == []


def test_pias_own_pages_follow_her_ride(
    web_server: WebServer, celery_worker_process: CeleryWorker
) -> None:
    board = open_company()
    pia = person("pia", "Pia", Role.PATIENT)
    Patient.objects.update(user=pia)
    client = Client()
    client.force_login(pia)
    cookie = client.cookies["sessionid"].value
    phone = Phone(web_server.base_url, board.trip.pk)
    with page_at(web_server.base_url, webgl=False) as (page, complaints):
        page.context.add_cookies(
            [{"name": "sessionid", "value": cookie, "url": web_server.base_url}]
        )
        page.goto(f"/me/trips/{board.trip.pk}/")
        page.evaluate("window.notReloaded = true")
        page.get_by_text("Cancel this trip", exact=True).first.click()
        page.get_by_label("Why?").fill("I am")
        phone.tap("start")
        page.wait_for_timeout(1000)
        expect(page.get_by_label("Why?")).to_have_value("I am")
        page.get_by_text("Cancel this trip", exact=True).first.click()
        phone.tap("arrive_pickup")
        expect(page.get_by_role("heading", level=1)).to_have_text(
            "Your driver is here", timeout=2 * NEAR_MS
        )
        expect(page.locator("#live")).to_have_text("The trip has changed.")
        assert page.evaluate("window.notReloaded")

        page.goto("/me/")
        page.evaluate("window.notReloaded = true")
        expect(page.locator(".rides")).to_contain_text("At the door")
        for action in ("pick_up", "arrive_dropoff", "complete"):
            phone.tap(action)
        expect(page.locator(".rides")).to_contain_text("Complete", timeout=4 * NEAR_MS)
        assert page.evaluate("window.notReloaded")
        assert complaints.errors == []
