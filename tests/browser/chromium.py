"""A real Chromium, and what it must never do: print errors, or ask other machines."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, sync_playwright

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SOFTWARE_GL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
NO_GL = ("--disable-3d-apis",)


@dataclass
class Complaints:
    """Console errors, and requests that left for another origin."""

    errors: list[str] = field(default_factory=list)
    foreign_requests: list[str] = field(default_factory=list)


def chromium_binary() -> str:
    """Return the path of Chromium; skip without one, fail if ATW_REQUIRE_BROWSER=1."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        reason = "no Chromium on PATH"
        if os.environ.get("ATW_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@contextmanager
def page_at(base_url: str, *, webgl: bool = True) -> Iterator[tuple[Page, Complaints]]:
    """A fresh browser with one page, paths relative to `base_url`.

    Django's ORM refuses to work in this thread inside the block: prepare data before it.
    """
    binary = chromium_binary()
    args = [*QUIET, *(SOFTWARE_GL if webgl else NO_GL)]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=args)
        page = browser.new_page(base_url=base_url, viewport={"width": 1440, "height": 900})
        complaints = Complaints()
        _listen(page, base_url, complaints)
        try:
            yield page, complaints
        finally:
            browser.close()


def _listen(page: Page, base_url: str, complaints: Complaints) -> None:
    ours = (base_url, base_url.replace("http", "ws", 1), "data:", "blob:")

    def on_request(url: str) -> None:
        if not url.startswith(ours):
            complaints.foreign_requests.append(url)

    page.on("request", lambda request: on_request(request.url))
    page.on("websocket", lambda socket: on_request(socket.url))
    page.on("pageerror", lambda error: complaints.errors.append(str(error)))
    page.on(
        "console",
        lambda message: complaints.errors.append(message.text) if message.type == "error" else None,
    )
