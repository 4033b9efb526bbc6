"""Who reads Spanish finds no English word of ours on a page."""

from __future__ import annotations

from gettext import GNUTranslations
from io import BytesIO

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from devtools.bootstrap import ROOT
from tests.browser.chromium import page_at
from tests.browser.company import open_company, person
from tests.browser.test_board import NEAR_MS
from tests.fixtures_processes import WebServer
from trips import links
from trips.models import Patient
from users.models import User
from users.roles import Role

pytestmark = pytest.mark.django_db(transaction=True)
CATALOGUES = ROOT / "config/locale/es/LC_MESSAGES"
#: Each text and each name that a page shows or reads aloud, by itself.
TEXTS = """() => {
  const said = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { data, parentElement } = walker.currentNode;
    if (!parentElement.closest("script, style, noscript")) said.push(data.trim());
  }
  for (const name of ["aria-label", "placeholder", "title", "alt"]) {
    const named = document.querySelectorAll(`[${name}]`);
    said.push(...[...named].map((one) => one.getAttribute(name).trim()));
  }
  return said;
}"""


def english_words() -> set[str]:
    """The phrases that Spanish says otherwise."""
    found = set()
    for domain in ("django", "djangojs"):
        catalogue = GNUTranslations(BytesIO((CATALOGUES / f"{domain}.mo").read_bytes()))
        for key, said in catalogue._catalog.items():  # type: ignore[attr-defined]
            word = key[0] if isinstance(key, tuple) else key
            if word and said != word:
                found.add(word.partition("\x04")[2] or word)
    return found


def session(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


def spanish_page(browser: Browser, base_url: str, cookie: str) -> Page:
    context = browser.new_context(base_url=base_url, locale="es-ES")
    if cookie:
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": base_url}])
    return context.new_page()


def test_no_page_speaks_english_to_who_reads_spanish(web_server: WebServer) -> None:
    board = open_company()
    pia = person("pia", "Pia", Role.PATIENT)
    Patient.objects.filter(trips=board.trip).update(user=pia)
    trip = board.trip.pk
    visits = [
        (session(board.dina), f"/dispatch/?trip={trip}", ("#panel .actions button", ".fit")),
        (session(board.omar), "/driver/", ("h1",)),
        (session(pia), "/me/", (".rides",)),
        (session(pia), f"/me/trips/{trip}/", (".own-trip",)),
        (session(person("bea", "Bea", Role.BILLER)), "/billing/", ("h1",)),
        ("", f"/track/{links.sign(trip)}/", ("h1",)),
    ]
    english = english_words()
    left = []
    with page_at(web_server.base_url) as (first, _complaints):
        browser = first.context.browser
        assert browser is not None
        for cookie, path, ready in visits:
            page = spanish_page(browser, web_server.base_url, cookie)
            page.goto(path)
            for part in ready:
                expect(page.locator(part).first).to_be_visible(timeout=2 * NEAR_MS)
            assert page.locator("html").get_attribute("lang") == "es", path
            left += [(path, text) for text in page.evaluate(TEXTS) if text in english]
            page.context.close()
    assert left == []
