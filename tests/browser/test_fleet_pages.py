"""Dina looks after the fleet in a browser: an alarm, a van in the workshop, what failed, a talk."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.chromium import Complaints, page_at
from tests.browser.company import Board, open_company, waiting_trip
from tests.fixtures_processes import CeleryWorker, WebServer
from trips import alerts, talk
from trips.models import Alert, Delivery, Driver, Message, Shift, Vehicle

pytestmark = pytest.mark.django_db(transaction=True)
#: A worker and a socket are near, and the machine may be busy.
NEAR_MS = 30_000
OUTBOX_IS_EMPTY = """async () =>
    (await (await fetch('/api/system/')).json()).owed.outbox.pending === undefined"""
PATHS = (
    "/dispatch/vehicles/",
    "/dispatch/drivers/",
    "/dispatch/shifts/",
    "/dispatch/messages/",
    "/dispatch/alerts/",
    "/dispatch/trouble/",
    "/dispatch/trouble/?show=mails",
    "/dispatch/trouble/?show=positions",
    "/dispatch/expiries/",
)


def session_of(board: Board) -> str:
    client = Client()
    client.force_login(board.dina)
    return client.cookies["sessionid"].value


def sign_in(page: Page, session: str, web_server: WebServer) -> None:
    cookie = {"name": "sessionid", "value": session, "url": web_server.base_url}
    page.context.add_cookies([cookie])  # type: ignore[list-item]


def is_quiet(complaints: Complaints) -> bool:
    """No console error (a violation of the policy is one), and nothing from elsewhere."""
    return complaints.errors == [] == complaints.foreign_requests


def test_dina_tries_a_buried_delivery_again_and_it_arrives(
    web_server: WebServer, celery_worker_process: CeleryWorker
) -> None:
    board = open_company()
    session = session_of(board)
    message = talk.send(sender=board.dina, to=Message.To.DRIVERS, body="Ice on the bridge.")
    delivery = Delivery.objects.get(topic="message.sent", subject_id=message.pk)
    Delivery.objects.filter(pk=delivery.pk).update(state="dead", attempts=5, error="KeyError")
    with page_at(web_server.base_url, webgl=False) as (page, complaints):
        sign_in(page, session, web_server)
        page.goto("/dispatch/trouble/")
        page.get_by_role("checkbox", name=f"message.sent {message.pk}").check()
        page.get_by_role("button", name="Try the chosen again").click()
        expect(page.get_by_role("status").first).to_contain_text(
            "1 is tried again.", timeout=NEAR_MS
        )
        expect(page.get_by_role("heading", name="Nothing has failed")).to_be_visible(
            timeout=NEAR_MS
        )
        page.goto("/dispatch/messages/?with=drivers")
        expect(page.get_by_role("log")).to_contain_text("Ice on the bridge.", timeout=NEAR_MS)
        page.wait_for_function(OUTBOX_IS_EMPTY, timeout=NEAR_MS)
        assert is_quiet(complaints)
    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.DONE


def test_a_van_in_the_workshop_is_refused_by_the_board(web_server: WebServer) -> None:
    board = open_company()
    trip = waiting_trip(board.dina)
    session = session_of(board)
    with page_at(web_server.base_url, webgl=False) as (page, _):
        sign_in(page, session, web_server)
        page.goto("/dispatch/vehicles/")
        page.get_by_role("link", name="Van 1").click()
        page.get_by_label("Why").fill("brakes")
        page.get_by_role("button", name="Take out of service").click()
        expect(page.locator("h1")).to_contain_text("out of service", timeout=NEAR_MS)
        page.goto(f"/dispatch/?trip={trip.pk}")
        page.get_by_role("button", name="Assign…").click(timeout=NEAR_MS)
        panel = page.locator("#panel")
        expect(panel).to_contain_text("No vehicle can take this trip", timeout=NEAR_MS)
        page.goto(f"/dispatch/vehicles/{board.van.pk}/")
        page.get_by_role("button", name="Back in service").click()
        page.goto(f"/dispatch/?trip={trip.pk}")
        page.get_by_role("button", name="Assign…").click(timeout=NEAR_MS)
        expect(page.locator(".candidate", has_text="Van 1")).to_be_visible(timeout=NEAR_MS)


def test_an_sos_appears_by_itself_is_seen_to_and_is_over(
    web_server: WebServer, celery_worker_process: CeleryWorker
) -> None:
    board = open_company()
    session = session_of(board)
    driver = Driver.objects.get(user=board.omar)
    token = _token(board)
    with page_at(web_server.base_url, webgl=False) as (page, complaints):
        sign_in(page, session, web_server)
        page.goto("/dispatch/alerts/")
        expect(page.get_by_role("heading", name="No open alarm")).to_be_visible(timeout=NEAR_MS)
        _press_sos(web_server, token)
        card = page.locator(".alarm-card")
        expect(card).to_contain_text("call for help · Van 1", timeout=NEAR_MS)
        card.get_by_role("button", name="I see to it").click()
        page.get_by_role("link", name="seen to").click()
        expect(card).to_contain_text("Dina", timeout=NEAR_MS)
        card.get_by_label("What came of it").fill("false alarm")
        card.get_by_role("button", name="It is over").click()
        page.get_by_role("link", name="over", exact=True).click()
        expect(card).to_contain_text("false alarm", timeout=NEAR_MS)
        assert is_quiet(complaints)
    alert = Alert.objects.get(driver=driver)
    assert alert.acknowledged_by == alert.resolved_by == board.dina


def _token(board: Board) -> str:
    return str(AuthToken.objects.create(board.omar)[1])


def _press_sos(web_server: WebServer, token: str) -> None:
    headers = {"Authorization": f"Token {token}"}
    url = f"{web_server.base_url}/api/alerts/"
    httpx.post(url, json={"kind": "sos"}, headers=headers, timeout=30).raise_for_status()


def test_a_talk_goes_on_without_a_reload(
    web_server: WebServer, celery_worker_process: CeleryWorker
) -> None:
    board = open_company()
    session, token = session_of(board), _token(board)
    driver = Driver.objects.get(user=board.omar)
    with page_at(web_server.base_url, webgl=False) as (page, complaints):
        sign_in(page, session, web_server)
        page.goto("/dispatch/messages/")
        page.get_by_role("link", name=re.compile("^Omar")).click()
        expect(page.locator("#connection")).to_have_text("live", timeout=NEAR_MS)
        page.get_by_label("Message", exact=True).fill("Where are you?")
        page.keyboard.press("Control+Enter")
        said = page.get_by_role("log")
        expect(said).to_contain_text("Where are you?", timeout=NEAR_MS)
        expect(page.get_by_label("Message", exact=True)).to_have_value("", timeout=NEAR_MS)
        page.evaluate("window.untouched = true")
        page.get_by_label("Message", exact=True).fill("half a sent")
        _say(web_server, token, "At the bridge.")
        expect(said).to_contain_text("At the bridge.", timeout=NEAR_MS)
        expect(page.get_by_label("Message", exact=True)).to_have_value(
            "half a sent", timeout=NEAR_MS
        )
        expect(page.locator("[data-notice]")).to_have_count(0, timeout=NEAR_MS)
        assert page.evaluate("window.untouched")
        assert is_quiet(complaints)
    assert not talk.threads(board.dina).get(pk=driver.pk).unread  # type: ignore[attr-defined]


def _say(web_server: WebServer, token: str, body: str) -> None:
    headers = {"Authorization": f"Token {token}"}
    url = f"{web_server.base_url}/api/messages/"
    httpx.post(url, json={"to": "dispatch", "body": body}, headers=headers).raise_for_status()


def test_every_page_of_the_fleet_can_be_used_by_everybody(web_server: WebServer) -> None:
    board = open_company()
    session = session_of(board)
    _fill(board)
    shift, driver = Shift.objects.first(), Driver.objects.first()
    assert shift is not None
    assert driver is not None
    details = (
        f"/dispatch/vehicles/{board.van.pk}/",
        f"/dispatch/drivers/{driver.pk}/",
        f"/dispatch/shifts/{shift.pk}/",
        "/dispatch/shifts/?days=7&date=" + timezone.now().date().isoformat(),
        f"/dispatch/messages/?with={driver.pk}",
        "/dispatch/alerts/?state=any",
    )
    with page_at(web_server.base_url, webgl=False) as (page, complaints):
        sign_in(page, session, web_server)
        wrong = []
        for path in PATHS + details:
            page.set_viewport_size({"width": 1440, "height": 900})
            page.goto(path)
            wrong += [(path, found) for found in violations(page)]
            page.set_viewport_size({"width": 390, "height": 800})
            fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
            if not page.evaluate(fits):
                wrong.append((path, "is wider than a phone"))
        assert wrong == []
        assert is_quiet(complaints)


def _fill(board: Board) -> None:
    """Something in every list."""
    driver = Driver.objects.get(user=board.omar)
    alerts.press_sos(driver=driver, latitude=57.7, longitude=11.9, trip_id=None)
    talk.send(sender=board.omar, to=Message.To.DISPATCH, body="Flat tyre.")
    today = timezone.now().date()
    Vehicle.objects.update(inspection_due=today + timedelta(days=2))
    Delivery.objects.filter(topic="message.sent").update(state="dead", attempts=5)
