"""Omar's phone in a real Chromium: small, with GPS, a camera, and tunnels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import BrowserContext, Geolocation, Page, sync_playwright

from tests.browser.chromium import NO_GL, QUIET, Complaints, _listen, chromium_binary

#: Where Pia waits.
DOOR: Geolocation = {"latitude": 57.7035, "longitude": 11.9660}


@contextmanager
def phone_at(
    base_url: str, *, width: int = 390, height: int = 844, **context: Any
) -> Iterator[tuple[Page, Complaints]]:
    """One page of a phone that may use its location, standing at the door.

    Django's ORM refuses to work in this thread inside the block: prepare data before it.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_binary(), args=[*QUIET, *NO_GL]
        )
        phone: BrowserContext = browser.new_context(
            base_url=base_url,
            viewport={"width": width, "height": height},
            has_touch=True,
            is_mobile=True,
            permissions=["geolocation"],
            geolocation={**DOOR, "accuracy": 8},
            **context,
        )
        page = phone.new_page()
        complaints = Complaints()
        _listen(page, base_url, complaints)
        try:
            yield page, complaints
        finally:
            browser.close()
