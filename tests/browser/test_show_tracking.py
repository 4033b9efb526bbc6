"""What happens while Pia's page waits for an answer is not swallowed by that answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from tests.browser.chromium import page_at
from tests.browser.company import Phone, open_company
from tests.fixtures_processes import CeleryWorker, WebServer
from trips import links

pytestmark = pytest.mark.django_db(transaction=True)
SOON_MS = 30_000


class SlowAnswer:
    """Holds the first page that the script asks for, as old as it was when it was asked for."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._held: list[tuple[Route, APIResponse]] = []
        self._frames: list[str] = []
        page.on("websocket", lambda socket: socket.on("framereceived", self._heard))
        page.route("**/track/**", self._hold)

    def _heard(self, text: str | bytes) -> None:
        self._frames.append(str(text))

    def _hold(self, route: Route) -> None:
        if route.request.resource_type != "fetch" or self._held:
            route.continue_()
        else:
            self._held.append((route, route.fetch()))

    def wait_held(self) -> None:
        """Until the script has asked."""
        self._wait(lambda: bool(self._held), "the script asked for nothing")

    def release_after(self, word: str) -> None:
        """Let the old answer arrive, once the socket has told of `word`."""
        self._wait(lambda: any(word in one for one in self._frames), f"no frame said {word}")
        route, response = self._held[0]
        route.fulfill(response=response)

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        for _ in range(SOON_MS // 100):
            if condition():
                return
            self._page.wait_for_timeout(100)
        pytest.fail(what)


def test_an_event_that_overtakes_an_answer_is_shown_all_the_same(
    web_server: WebServer, celery_worker_process: CeleryWorker
) -> None:
    board = open_company()
    phone = Phone(web_server.base_url, board.trip.pk)
    signed = links.sign(board.trip.pk)
    with page_at(web_server.base_url, webgl=False) as (page, _):
        slow = SlowAnswer(page)
        page.goto(f"/track/{signed}/")
        slow.wait_held()
        phone.tap("start")
        slow.release_after('"en_route_pickup"')
        headline = page.get_by_role("heading", level=1)
        expect(headline).to_have_text("Your driver is on the way", timeout=SOON_MS)
