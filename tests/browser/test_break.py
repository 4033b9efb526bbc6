"""Dina breaks things on the demo's page, and nothing that was answered gets lost."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from devtools import programs
from devtools.programs import listen
from tests.browser.axe import violations
from tests.browser.broken_house import supervised
from tests.browser.chromium import page_at
from tests.browser.test_board import log_in
from tests.cast import Cast
from tests.fixtures_processes import CeleryWorker, wait_until

pytestmark = pytest.mark.django_db(transaction=True)
SOON_MS = 30_000
#: What Chromium prints of requests that a dead web process did not answer.
DEAD_LINE = "ERR_"


@contextmanager
def demo(env: dict[str, str], folder: Path) -> Iterator[str]:
    """A demo's web process, which its launcher may kill; the address."""
    with listen("127.0.0.1", 0) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        own = {"ATW_BASE_URL": url, "ATW_ORIGINS": url, "ATW_DEMO": "1"}
        own["ATW_CONTROL"] = str(folder / "control.sock")
        web = programs.web("daphne", listener.fileno(), {**env, **own})
        with supervised(folder, [web]) as door:
            assert str(door.path) == own["ATW_CONTROL"]
            wait_until(lambda: _answers(url), SOON_MS / 1000, "a web process")
            yield url


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=SOON_MS / 1000).status_code == 200
    except httpx.TransportError:
        return False


def number(page: Page, name: str) -> int:
    return int(page.locator(f"#{name}").inner_text())


def taps(page: Page, cell: str) -> str:
    return page.locator(f"#taps [data-number={cell}]").inner_text()


def until(page: Page, condition: Callable[[], bool]) -> None:
    for _ in range(SOON_MS // 250):
        if condition():
            return
        page.wait_for_timeout(250)
    pytest.fail("the ledger did not come to it")


def break_and_wait(page: Page, verb: str) -> None:
    page.locator(f"[data-verb={verb}]").click()
    newest = page.locator("#breaks tr").first
    what = page.locator(f"[data-verb={verb}]").inner_text()
    expect(newest).to_contain_text(what, timeout=SOON_MS)
    expect(newest).not_to_contain_text("not yet", timeout=SOON_MS)


def test_dina_kills_the_web_process_and_cuts_the_line_and_nothing_is_lost(
    cast: Cast,
    celery_worker_process: CeleryWorker,
    process_env: dict[str, str],
    short_folder: Path,
) -> None:
    assert cast.dina.username == "dina"
    with (
        demo(process_env, short_folder) as url,
        page_at(url, webgl=False) as (page, complaints),
    ):
        log_in(page, "dina")
        page.get_by_role("link", name="Break something").click()
        expect(page.locator("#connection")).to_have_text("live", timeout=SOON_MS)
        expect(page.locator("[data-verb=kill-valkey]")).to_be_hidden()
        assert violations(page) == []
        break_and_wait(page, "kill-web")
        break_and_wait(page, "cut-socket")
        expect(page.locator("#said")).to_contain_text("right again after")
        before = number(page, "answered")
        until(page, lambda: number(page, "answered") > before + 3)
        assert [number(page, one) for one in ("lost", "doubled", "disordered")] == [0, 0, 0]
        assert number(page, "faults") == 0
        page.locator("#pause").click()
        until(page, lambda: taps(page, "kept") == taps(page, "answered") == taps(page, "shown"))
        assert [one for one in complaints.errors if DEAD_LINE not in one] == []
        assert complaints.foreign_requests == []


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A Unix socket's path is short; pytest's folders are not."""
    with tempfile.TemporaryDirectory(prefix="atw-") as folder:
        yield Path(folder)


def test_the_page_does_not_exist_where_this_is_no_demo(http: httpx.Client) -> None:
    assert os.environ.get("ATW_DEMO") != "1"
    assert http.get("/demo/break/").status_code == 404
