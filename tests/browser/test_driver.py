"""Omar's phone: signed in by a link, through a tunnel, with nothing lost and nothing leaked."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.browser.driver_phone import DOOR, phone_at
from tests.cast import Cast, event_names
from tests.fixtures_processes import WebServer
from trips.models import Attachment, GpsFix, Shift, TripEvent
from users import enrolment
from users.models import Enrolment

pytestmark = pytest.mark.django_db(transaction=True)
#: What Chromium prints of a request that a tunnel swallowed.
TUNNEL = "ERR_INTERNET_DISCONNECTED"
LIVE_MS = 15_000


@pytest.fixture
def code(cast: Cast) -> str:
    """Of the link that Dina shows to Omar."""
    return enrolment.invite(user=cast.omar, by=cast.dina)


def sign_in(page: Page, code: str) -> None:
    page.goto(f"/driver/enrol/#{code}")
    page.get_by_role("button", name="Sign in on this phone").click()
    expect(page.locator("#link")).to_have_text("Live", timeout=LIVE_MS)
    assert page.url.endswith("/driver/")


def tap(page: Page, action: str) -> None:
    page.locator(f"[data-action={action}]").click()


def positions_waiting(page: Page) -> int:
    """In the phone's memory."""
    count: int = page.evaluate(
        """() => new Promise((resolve) => {
          const open = indexedDB.open("atw-driver");
          open.onsuccess = () => {
            const count = open.result.transaction("fixes").objectStore("fixes").count();
            count.onsuccess = () => resolve(count.result);
          };
        })"""
    )
    return count


def wait_for_positions(page: Page, enough: Callable[[int], bool]) -> None:
    for _ in range(60):
        if enough(positions_waiting(page)):
            return
        page.wait_for_timeout(250)
    pytest.fail("the phone kept or sent no position")


def drive(page: Page, step: int) -> None:
    """Another 40 m, at a speed that the server believes."""
    page.context.set_geolocation({**DOOR, "latitude": DOOR["latitude"] + 0.00036 * step})
    page.wait_for_timeout(3_300)


def shows(page: Page, words: str) -> None:
    expect(page.locator(".trip .chip").first).to_have_text(words)


def test_omar_signs_in_by_link_and_drives_a_trip_with_one_large_button(
    web_server: WebServer, cast: Cast, code: str
) -> None:
    trip = cast.trip_in("assigned")
    with phone_at(web_server.base_url) as (page, complaints):
        sign_in(page, code)
        for action, words in (
            ("start", "on the way"),
            ("arrive_pickup", "at the pick-up"),
            ("pick_up", "aboard"),
            ("arrive_dropoff", "at the destination"),
        ):
            tap(page, action)
            shows(page, words)
        tap(page, "complete")
        expect(page.locator(".nothing")).to_be_visible()
        expect(page.locator("#link")).to_have_text("Live")
        assert complaints.errors == []
        assert complaints.foreign_requests == []
    assert event_names(trip)[-5:] == [
        "trip.en_route_pickup",
        "trip.arrived_pickup",
        "trip.picked_up",
        "trip.arrived_dropoff",
        "trip.completed",
    ]
    last = TripEvent.objects.filter(trip=trip, event="trip.arrived_pickup").get()
    assert (last.latitude, last.longitude) == (DOOR["latitude"], DOOR["longitude"])
    assert GpsFix.objects.filter(vehicle=cast.van).exists()


def test_what_omar_taps_in_a_tunnel_survives_a_reload_and_arrives_with_its_times(
    web_server: WebServer, cast: Cast, code: str
) -> None:
    trip = cast.trip_in("arrived_pickup")
    with phone_at(web_server.base_url) as (page, complaints):
        sign_in(page, code)
        page.wait_for_function("navigator.serviceWorker.controller !== null")
        page.context.set_offline(True)
        tap(page, "pick_up")
        shows(page, "aboard")
        page.reload()  # the battery was empty
        shows(page, "aboard")
        expect(page.locator("#link")).to_have_text("1 not sent")
        entered = timezone.now()
        for step in (1, 2):
            before = positions_waiting(page)
            drive(page, step)
            wait_for_positions(page, lambda n, before=before: n > before)  # type: ignore[misc]
        tap(page, "arrive_dropoff")
        expect(page.locator("#link")).to_have_text("2 not sent")
        left = timezone.now()
        page.context.set_offline(False)
        expect(page.locator("#link")).to_have_text("Live", timeout=LIVE_MS)
        shows(page, "at the destination")
        wait_for_positions(page, lambda n: n == 0)
        assert [error for error in complaints.errors if TUNNEL not in error] == []
    assert event_names(trip)[-2:] == ["trip.picked_up", "trip.arrived_dropoff"]
    picked_up, dropped_off = list(TripEvent.objects.filter(trip=trip).order_by("version"))[-2:]
    assert picked_up.occurred_at < entered < dropped_off.occurred_at < left
    inside = GpsFix.objects.filter(vehicle=cast.van, recorded_at__gt=entered, recorded_at__lt=left)
    assert inside.count() >= 2


def test_a_tap_that_the_server_refuses_is_shown_until_omar_has_read_it(
    web_server: WebServer, cast: Cast, code: str, http: httpx.Client
) -> None:
    trip, dina = cast.trip_in("assigned"), cast.headers(cast.dina)
    cancel = {"action": "cancel", "reason": "Pia called"}
    with phone_at(web_server.base_url) as (page, _):
        sign_in(page, code)
        page.context.set_offline(True)
        tap(page, "start")
        http.post(f"/api/trips/{trip.pk}/status/", json=cancel, headers=dina).raise_for_status()
        page.context.set_offline(False)
        refusal = page.get_by_text("Not accepted: Start driving").first
        expect(refusal).to_be_visible(timeout=LIVE_MS)
        page.get_by_role("button", name="Understood").click()
        expect(page.get_by_role("button", name="Understood")).to_have_count(0)
    assert "trip.en_route_pickup" not in event_names(trip)


def test_a_step_that_never_left_the_phone_is_taken_back_without_a_trace(
    web_server: WebServer, cast: Cast, code: str
) -> None:
    trip = cast.trip_in("assigned")
    with phone_at(web_server.base_url) as (page, _):
        sign_in(page, code)
        page.context.set_offline(True)
        tap(page, "start")
        shows(page, "on the way")
        tap(page, "undo")
        page.context.set_offline(False)
        expect(page.locator("#link")).to_have_text("Live", timeout=LIVE_MS)
        shows(page, "assigned")
    assert event_names(trip)[-1] == "trip.assigned"


def test_a_lost_phone_that_dispatch_signs_out_forgets_the_patients(
    web_server: WebServer, cast: Cast, code: str
) -> None:
    cast.trip_in("assigned")
    with phone_at(web_server.base_url) as (page, _):
        sign_in(page, code)
        expect(page.get_by_text("Pia Ek")).to_be_visible()
        row = Enrolment.objects.filter(user=cast.omar)
        _in_a_thread(lambda: enrolment.sign_out(user=cast.omar, enrolment_id=row.get().pk))
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=LIVE_MS)
        assert "Pia" not in page.content()
        kept = page.evaluate(
            """() => new Promise((resolve) => {
              const open = indexedDB.open("atw-driver");
              open.onsuccess = () => {
                const keys = open.result.transaction("meta").objectStore("meta").getAllKeys();
                keys.onsuccess = () => resolve(keys.result);
              };
            })"""
        )
        assert kept == []


def _in_a_thread(work: Callable[[], object]) -> None:
    """Playwright's loop runs in this one, where Django's ORM refuses to work."""

    def run() -> None:
        work()
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(run).result()


def test_eves_link_shows_her_nothing_of_omars_day(web_server: WebServer, cast: Cast) -> None:
    cast.trip_in("assigned")
    code = enrolment.invite(user=cast.eve, by=cast.dina)
    with phone_at(web_server.base_url) as (page, complaints):
        sign_in(page, code)
        expect(page.locator(".nothing")).to_be_visible()
        assert "Pia" not in page.content()
        assert complaints.errors == []


def test_omar_starts_his_shift_and_only_then_tells_where_he_is(
    web_server: WebServer, cast: Cast, code: str
) -> None:
    Shift.objects.filter(driver=cast.driver).update(ends_at=timezone.now() - timedelta(minutes=1))
    with phone_at(web_server.base_url) as (page, complaints):
        sign_in(page, code)
        page.wait_for_timeout(700)
        page.get_by_label("Vehicle").select_option(label="Van 1")
        page.get_by_label("Odometer").fill("48213.5")
        page.get_by_role("button", name="Start shift").click()
        expect(page.locator("#shift-start")).to_have_count(0)
        expect(page.locator("#link")).to_have_text("Live", timeout=LIVE_MS)
        drive(page, 1)
        wait_for_positions(page, lambda n: n == 0)
        assert complaints.errors == []
    shift = Shift.objects.get(driver=cast.driver, ends_at=None)
    assert (shift.vehicle, str(shift.odometer_start_mi)) == (cast.van, "48213.5")
    fixes = GpsFix.objects.filter(vehicle=cast.van)
    assert fixes.exists()
    assert not fixes.filter(received_at__lt=shift.starts_at).exists()


def test_pias_signature_is_kept_with_the_stop_where_she_signed(
    web_server: WebServer, cast: Cast, code: str
) -> None:
    trip = cast.trip_in("arrived_dropoff")
    with phone_at(web_server.base_url) as (page, complaints):
        sign_in(page, code)
        page.get_by_role("button", name="Signature").click()
        box = page.locator("canvas.pad").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 30, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + 150, box["y"] + 120, steps=6)
        page.mouse.up()
        page.get_by_role("button", name="Keep the signature").click()
        expect(page.locator(".proof .count")).to_have_text("1")
        expect(page.locator("#link")).to_have_text("Live", timeout=LIVE_MS)
        assert complaints.errors == []
    row = Attachment.objects.get(trip=trip)
    assert (row.kind, row.stop, row.sent_by) == ("signature", "dropoff", cast.omar)


def test_a_no_show_waits_for_its_time_and_for_the_door(
    web_server: WebServer, cast: Cast, code: str
) -> None:
    cast.trip_in("arrived_pickup")
    with phone_at(web_server.base_url) as (page, _):
        sign_in(page, code)
        tap(page, "no_show")
        sure = page.locator("dialog").get_by_role("button", name="Patient is not here")
        expect(sure).to_be_disabled()
        expect(page.locator("dialog")).to_contain_text("left")
        expect(page.locator("dialog")).to_contain_text("yes")
