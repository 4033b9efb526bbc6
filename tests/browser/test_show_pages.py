"""Everybody's pages, found by their own navigation: nothing complains, nothing asks elsewhere."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from playwright.sync_api import Page

from tests.browser.chromium import Complaints, page_at
from tests.cast import Cast
from tests.fixtures_processes import WebServer
from trips import links
from trips.models import Trip
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)

NAVIGATION = re.compile(r"<nav.*?</nav>", re.DOTALL)
LINK = re.compile(r'href="(/[^"#]*)"')
#: Pages that no navigation leads to.
MORE = {
    "ada": ["/admin/", "/admin/trips/trip/", "/api/docs/"],
    "dina": ["/dispatch/?view=risk&q=pia", "/nothing-here/"],
}
#: Not for her role, or of somebody else: as if it were not there, or a page that says so.
CLOSED = {302, 403, 404}
CSP_TO_CONSOLE = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.effectiveDirective} ${event.blockedURI}`))"""
#: Until scripts have drawn their first words.
SETTLES_MS = 300


def pages_of(user: User) -> list[str]:
    """What the bar and each section's own bar lead to, and what no bar does."""
    browser = signed_in(user)
    found = links_in(browser, browser.get("/").headers["Location"])
    for path in list(found):
        found += [one for one in links_in(browser, path) if one not in found]
    return found + MORE.get(user.username, [])


def links_in(browser: Client, path: str) -> list[str]:
    page = browser.get(path).content.decode()
    return list(dict.fromkeys([path, *LINK.findall("".join(NAVIGATION.findall(page)))]))


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def visit(page: Page, complaints: Complaints, path: str) -> list[str]:
    """What was wrong with one page."""
    complaints.errors.clear()
    answer = page.goto(path)
    page.wait_for_timeout(SETTLES_MS)
    status = answer.status if answer else 0
    # A page that is absent is one of ours, too; Chromium says that it was a 404.
    meant = status == (404 if "nothing" in path else 200)
    errors = [one for one in complaints.errors if not (status == 404 and "404" in one)]
    return ([] if meant else [f"{path}: {status}"]) + [f"{path}: {one}" for one in errors]


def test_no_page_of_anybody_complains(web_server: WebServer, cast: Cast) -> None:
    trip = cast.trip_in("en_route_pickup")
    people = [cast.ada, cast.dina, cast.bea, cast.pia, cast.hugo, cast.omar]
    visits = [(_session(user), pages_of(user)) for user in people]
    nobody = ["/accounts/login/", "/accounts/password_reset/", f"/track/{links.sign(trip.pk)}/"]
    visits.append(("", nobody))
    assert sum(len(pages) for _, pages in visits) > 25, "the navigation was not found"
    with page_at(web_server.base_url, webgl=False) as (page, complaints):
        page.add_init_script(CSP_TO_CONSOLE)
        wrong = []
        for session, paths in visits:
            page.context.clear_cookies()
            if session:
                cookie = {"name": "sessionid", "value": session, "url": web_server.base_url}
                page.context.add_cookies([cookie])  # type: ignore[list-item]
            for path in paths:
                wrong += visit(page, complaints, path)
        # Without WebGL the map says so, in the page and in the console.
        assert [one for one in wrong if "WebGL" not in one] == []
        assert complaints.foreign_requests == []


def test_eve_finds_nothing_of_omars_day_on_anybodys_page(cast: Cast) -> None:
    trip = cast.trip_in("in_progress")
    everything = {path for user in (cast.ada, cast.dina, cast.bea) for path in pages_of(user)}
    everything |= {f"/dispatch/trips/{trip.pk}/edit/", f"/me/trips/{trip.pk}/"}
    eve = signed_in(cast.eve)
    for path in sorted(everything):
        answer = eve.get(path)
        text = answer.content.decode()
        assert answer.status_code in CLOSED or path in {"/", "/api/docs/"}, path
        for secret in (cast.patient.name, Trip.objects.get(pk=trip.pk).pickup_address):
            assert secret not in text, path


def _session(user: User) -> str:
    return signed_in(user).cookies["sessionid"].value
